"""Unlabelled vectors in a table, one per row."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tailwise.core.files import write_csv
from tailwise.core.tables import read_table
from tailwise.data.tables.checks.source import Checked
from tailwise.data.tables.rows import SPLITS, Index

SIZE = 8


@dataclass(frozen=True)
class Demo:
    """samples: of each split"""

    seed: int
    samples: int


def make_demo(demo: Demo, folder: Path) -> None:
    """``<folder>/<split>.csv``"""
    for number, split in enumerate(SPLITS):
        values = np.random.default_rng([demo.seed, number]).normal(size=(demo.samples, SIZE)).round(4)
        rows = ([f"{split}/{i}", f"{split}/{i}", " ".join(map(str, row))] for i, row in enumerate(values))
        write_csv(folder / f"{split}.csv", ["sample", "group", "values"], rows)


def read_vectors(folder: Path) -> Checked:
    schema = dict.fromkeys(("sample", "group", "values"), "text")
    rows = {split: read_table(folder / f"{split}.csv", schema) for split in SPLITS}
    return Checked(Index({}, rows, {split: {} for split in SPLITS}, {split: [] for split in SPLITS}), [], [])
