"""A prepared split of pictures: a table of their labels, and one array."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from tailwise.core.batch import Batch
from tailwise.core.errors import UserError
from tailwise.core.files import read_csv, write_csv
from tailwise.core.heads import Head

HEAD = "label"


def write_split(folder: Path, images: np.ndarray, labels: Sequence[str], numbers: Sequence[int]) -> None:
    """images: (N, H, W) uint8; numbers: of the pictures in their source, which name them"""
    names = [f"picture {number}" for number in numbers]
    write_csv(folder / "manifest.csv", ["sample", "group", HEAD], zip(names, names, labels))
    np.save(folder / "images.npy", images)


class Store:
    """A split as the engine reads it; each picture is a group of its own."""

    def __init__(self, folder: Path, heads: tuple[Head, ...]):
        rows = read_csv(folder / "manifest.csv")
        self.names, self._groups = [row["sample"] for row in rows], [row["group"] for row in rows]
        self._labels = {head.name: np.array([head.id(row[head.name]) for row in rows]) for head in heads}
        self._images = np.load(folder / "images.npy")
        if len(self._images) != len(rows):
            raise UserError(f"{folder}: {len(rows)} rows and {len(self._images)} pictures; prepare it again")

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of a picture."""
        return self._images.shape[1:]

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, i: int) -> int:
        return i

    def collate(self, items: list[int]) -> Batch:
        """image (B, 1, H, W), float in [0, 1]"""
        index = torch.tensor(items)
        image = torch.from_numpy(self._images[items]).unsqueeze(1).float() / 255
        return Batch(
            {"image": image}, {name: torch.from_numpy(ids[items]) for name, ids in self._labels.items()}, index
        )

    def labels(self, head: str) -> np.ndarray:
        return self._labels[head]

    def groups(self) -> Sequence[str]:
        return self._groups
