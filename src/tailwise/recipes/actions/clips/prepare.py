"""The splits that stages prepare: those of the index, with some training clips set aside, and their decoded frames."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from tailwise.core.params.config import section
from tailwise.core.params.runtime import Runtime
from tailwise.core.stage.folders import pipeline_folder
from tailwise.core.tables import column, read_table
from tailwise.data.tables.partition import by_hash
from tailwise.data.tables.rows import SPLITS
from tailwise.data.video.decode.spread import Spread
from tailwise.data.video.store.quality import check_faulty
from tailwise.data.video.store.store import Decode, build_store
from tailwise.recipes.actions.readers.ssv2 import HEAD

CALIBRATION = "calibration"
COLUMNS = ("sample", "group", "path", "content", HEAD)
KEPT = ".logs/faults.csv"
SHOWN = 20
"""Faulty clips of a split that are printed."""


@dataclass(frozen=True)
class Prepare:
    """calibration: share of the training clips that is set aside by group, for fitting it; 0 for none
    seed: of that draw
    """

    calibration: float = 0.1
    seed: int = 1

    def __post_init__(self):
        if not 0 <= self.calibration < 1 or not 0 <= self.seed < 2**32:
            raise ValueError("calibration must be within [0, 1), seed within [0, 2**32)")


def read_splits(how: Prepare, tables: Path = Path("data/index")) -> dict[str, pd.DataFrame]:
    """{split: its index}, whole groups of train set aside as CALIBRATION."""
    found = {split: read_table(tables / f"{split}.csv", dict.fromkeys(COLUMNS, "text")) for split in SPLITS}
    if not how.calibration:
        return found
    train = found["train"]
    aside = by_hash(column(train, HEAD).to_list(), column(train, "group").to_list(), how.calibration, how.seed)
    parts = {"train": train.loc[~aside], CALIBRATION: train.loc[aside]}
    return found | {split: rows.reset_index(drop=True) for split, rows in parts.items()}


def decode(params: dict, folder: Path) -> Iterator[str]:
    """Write the clip store of what the motion stream is trained on, ``<folder>/{train,valid}``; yields lines."""
    root, how = Path(section(params, "data.root", str)), section(params, "decode", Decode)
    cache = Path(os.environ.get("DVC_ROOT", ".")) / ".cache" / "clips"
    splits, workers = read_splits(section(params, "prepare", Prepare)), section(params, "runtime", Runtime).decoding
    faults = {}
    for split in ("train", "valid"):
        rows, cut = splits[split], section(params, "window", Spread)
        store = build_store(root, rows, cut, folder / split, cache, how, workers)
        yield f"{split}: {len(rows)} clips in {store.shards} shards, {store.decoded} of them decoded now"
        yield from fault_lines(store.faults)
        faults[split] = {"clips": len(rows), "faulty": store.faults}
    check_faulty(faults, how, pipeline_folder() / KEPT)


def fault_lines(faults: Mapping[str, str]) -> Iterator[str]:
    for clip, reason in list(faults.items())[:SHOWN]:
        yield f"  left out: {clip}: {reason}"
    if len(faults) > SHOWN:
        yield f"  and {len(faults) - SHOWN} more"
