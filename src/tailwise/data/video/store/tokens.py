"""Tokens of frozen streams, computed once: samples for training what comes after the streams.

A split's folder has ``manifest.csv``, the index table's lines with the columns `shard` and `row`; ``tokens.json``, see
`Facts`; and ``<shard>-<stream>.npy``, (rows, passes, steps, D) float16, read by memory map.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from tailwise.core.batch import Batch
from tailwise.core.errors import UserError
from tailwise.core.files import read_csv
from tailwise.core.heads import Head
from tailwise.data.video.store.facts import read_facts

PLAIN = 0
"""The pass without augmentation; those after it are augmented."""


class Tokens:
    """One split as its clips' tokens. Memory holds the manifest, and of the tokens no more than the batches asked for.

    all_passes: give every pass, of which `choose_pass` takes one; without, the plain one, or all views of a test
    """

    def __init__(self, folder: Path, heads: tuple[Head, ...], all_passes: bool = False):
        self.folder, self.heads = folder, heads
        self.facts = read_facts(folder)
        self.all_passes = all_passes or self.facts.views > 1
        self.rows = read_csv(folder / "manifest.csv")
        self.names = [row["sample"] for row in self.rows]
        self._ids = {head.name: self._class_ids(head) for head in heads}
        self._layouts: dict[str, tuple[int, tuple[int, ...]]] = {}

    def _class_ids(self, head: Head) -> np.ndarray:
        try:
            return np.array([head.id(row[head.name]) for row in self.rows], np.int64)
        except (KeyError, ValueError) as error:
            raise UserError(f"{self.folder}/manifest.csv: column {head.name}: {error}") from error

    def __len__(self) -> int:
        return len(self.rows)

    def labels(self, head: str) -> np.ndarray:
        return self._ids[head]

    def groups(self) -> Sequence[str]:
        return [row["group"] for row in self.rows]

    def __getitem__(self, i: int) -> tuple[int, dict[str, np.ndarray]]:
        """The sample's index, and {stream: (passes, steps, D) float16}, or (steps, D) of the plain pass."""
        row = self.rows[i]
        found = {name: self._read(f"{row['shard']}-{name}.npy", int(row["row"])) for name in self.facts.streams}
        return i, found if self.all_passes else {name: passes[PLAIN] for name, passes in found.items()}

    def collate(self, items: list[tuple[int, dict[str, np.ndarray]]]) -> Batch:
        """{stream: (B, passes, steps, D) or (B, steps, D) float32}"""
        index = np.array([i for i, _ in items], np.int64)
        stacked = {name: np.stack([found[name] for _, found in items]) for name in self.facts.streams}
        inputs = {name: torch.from_numpy(rows).float() for name, rows in stacked.items()}
        targets = {name: torch.from_numpy(ids[index]) for name, ids in self._ids.items()}
        return Batch(inputs, targets, torch.from_numpy(index))

    def _read(self, name: str, row: int) -> np.ndarray:
        """One row of a shard; maps no more than this, so that neither memory nor open files grow."""
        file = self.folder / name
        if name not in self._layouts:
            try:
                found = np.load(file, mmap_mode="r", allow_pickle=False)
            except (OSError, ValueError) as error:
                raise UserError(f"{file}: cannot be read: run the stage features again: {error}") from error
            self._layouts[name] = found.offset, found.shape[1:]
        offset, shape = self._layouts[name]
        size = 2 * int(np.prod(shape))
        return np.array(np.memmap(file, np.float16, "r", offset + row * size, shape))


def choose_pass(tokens: dict[str, torch.Tensor], chosen: torch.Tensor) -> dict[str, torch.Tensor]:
    """{stream: (B, passes, steps, D)} to {stream: (B, steps, D)}. chosen: (B,) int64, each sample's pass"""
    place = torch.arange(len(chosen), device=chosen.device)
    return {name: of_stream[place, chosen] for name, of_stream in tokens.items()}
