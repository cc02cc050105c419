"""The data: images and a table of their labels; and a synthetic demo."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from PIL import Image

from tailwise.core.batch import Batch
from tailwise.core.files import read_csv, write_csv
from tailwise.core.heads import Head
from tailwise.data.tables.rows import SPLITS
from tailwise.data.tables.table import Table

SIZE = 16
"""Height and width of an image."""
SHAPES = {"bar": (0.7, (slice(6, 10), slice(2, 14))), "pole": (0.25, (slice(2, 14), slice(6, 10)))}
SHAPES["dot"] = (0.05, (slice(6, 10), slice(6, 10)))
"""{class: (share of the samples, bright region)}"""


@dataclass(frozen=True)
class Source:
    """root: folder of the images and the table; leaks: what to do about a file or group in two splits"""

    root: str
    leaks: Literal["refuse", "warn"]
    reader: Table


@dataclass(frozen=True)
class Demo:
    """train, valid, test: number of images"""

    seed: int
    train: int
    valid: int
    test: int


def make_demo(demo: Demo, folder: Path) -> None:
    """``<folder>/<split>/<i>.png`` and ``<folder>/labels.csv``: bright shapes in noise, few of them dots."""
    rng, rows = np.random.default_rng(demo.seed), []
    for split in SPLITS:
        (folder / split).mkdir(parents=True, exist_ok=True)
        for i in range(getattr(demo, split)):
            shape = (
                list(SHAPES)[i] if i < len(SHAPES) else str(rng.choice(list(SHAPES), p=[p for p, _ in SHAPES.values()]))
            )
            pixels = rng.integers(0, 160, (SIZE, SIZE, 3))
            pixels[SHAPES[shape][1]] += 90
            Image.fromarray(pixels.astype(np.uint8)).save(folder / split / f"{i}.png")
            rows.append([f"{split}/{i}", f"{split}/{i}.png", split, shape])
    write_csv(folder / "labels.csv", ["sample", "path", "split", "shape"], rows)


class Images:
    """Dataset over a prepared split; its table lists the images, which are read in place."""

    def __init__(self, split: Path, root: Path, heads: tuple[Head, ...]):
        self._root, self._rows = root, read_csv(split / "manifest.csv")
        self.names = [row["sample"] for row in self._rows]
        self._labels = {head.name: np.array([head.id(row[head.name]) for row in self._rows]) for head in heads}

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, i: int) -> tuple[int, np.ndarray]:
        """The sample's index, and its pixels (SIZE, SIZE, 3) uint8."""
        image = Image.open(self._root / self._rows[i]["path"]).convert("RGB")
        return i, np.asarray(image.resize((SIZE, SIZE)))

    def collate(self, items: list[tuple[int, np.ndarray]]) -> Batch:
        """image (B, 3, SIZE, SIZE) in [0, 1]"""
        index = torch.tensor([i for i, _ in items])
        image = torch.from_numpy(np.stack([pixels for _, pixels in items])).permute(0, 3, 1, 2) / 255
        return Batch(
            {"image": image}, {name: torch.from_numpy(ids)[index] for name, ids in self._labels.items()}, index
        )

    def labels(self, head: str) -> np.ndarray:
        return self._labels[head]

    def groups(self) -> Sequence[str]:
        return [row["group"] for row in self._rows]
