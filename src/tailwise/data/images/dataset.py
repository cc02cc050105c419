"""Samples of one image each, read from the image store."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from tailwise.core.batch import Batch
from tailwise.core.errors import UserError
from tailwise.core.files import read_csv, read_json
from tailwise.core.heads import Head


class Images:
    """Dataset over one prepared split. A sample is a picture and its class ids.

    folder: of the split, see store.py
    size: pixels of each side; Shards are memory-mapped, so that memory does not grow with the store.
    """

    def __init__(self, folder: Path, heads: tuple[Head, ...]):
        self.folder, self.heads = folder, heads
        rows = read_csv(folder / "manifest.csv")
        try:
            self.size = int(read_json(folder / "canvas.json")["size"])
            self.names = [row["sample"] for row in rows]
            self._groups = [row["group"] for row in rows]
            self._places = [(row["shard"], int(row["row"])) for row in rows]
            self._labels = {head.name: np.array([head.id(row[head.name]) for row in rows], np.int64) for head in heads}
        except (KeyError, ValueError) as error:
            raise UserError(f"{folder}/manifest.csv: {error}: run the stage prepare again") from error
        self._shards: dict[str, np.ndarray] = {}

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, i: int) -> tuple[int, np.ndarray]:
        """The sample's index, and its picture (H, W, 3) uint8."""
        shard, row = self._places[i]
        return i, self._shard(shard)[row]

    def collate(self, items: list[tuple[int, np.ndarray]]) -> Batch:
        """image (B, 3, H, W) uint8"""
        index = np.array([i for i, _ in items], np.int64)
        pictures = np.stack([picture for _, picture in items])
        image = torch.from_numpy(pictures.transpose(0, 3, 1, 2).copy())
        targets = {name: torch.from_numpy(ids[index]) for name, ids in self._labels.items()}
        return Batch({"image": image}, targets, torch.from_numpy(index))

    def labels(self, head: str) -> np.ndarray:
        """Class ids (N,), IGNORE where missing; from the manifest alone."""
        return self._labels[head]

    def groups(self) -> Sequence[str]:
        return self._groups

    def _shard(self, name: str) -> np.ndarray:
        if name not in self._shards:
            file = self.folder / f"{name}.npy"
            try:
                self._shards[name] = np.load(file, mmap_mode="r", allow_pickle=False)
            except (OSError, ValueError) as error:
                raise UserError(f"{file}: cannot be read: run the stage prepare again: {error}") from error
        return self._shards[name]
