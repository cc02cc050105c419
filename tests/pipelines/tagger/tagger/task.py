"""The tagger as the engine sees it: one head with a label a position."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from tagger.model import Model
from tagger.songs import NOTES

from tailwise.core.batch import Batch
from tailwise.core.files import read_csv
from tailwise.core.heads import IGNORE, Head
from tailwise.engine.contract.metric import Select
from tailwise.engine.contract.task import Task
from tailwise.losses.classification import classification_loss
from tailwise.metrics.classification import Classification
from tailwise.metrics.macro_recall import MacroRecall


@dataclass(frozen=True)
class Config:
    model: Model


class SongTable:
    """One split of the songs, padded to the longest one."""

    def __init__(self, folder: Path, head: Head):
        rows = read_csv(folder / "manifest.csv")
        self.names, self._groups = [row["sample"] for row in rows], [row["group"] for row in rows]
        self._length = np.array([len(row["notes"].split()) for row in rows])
        self._notes = self._padded([[int(note) for note in row["notes"].split()] for row in rows], 0)
        tags = [[head.id(tag.strip("-")) for tag in row["tag"].split()] for row in rows]
        self._head, self._tags = head.name, self._padded(tags, IGNORE)

    def _padded(self, rows: list[list[int]], filler: int) -> np.ndarray:
        table = np.full((len(rows), self._length.max()), filler)
        for place, row in zip(table, rows):
            place[: len(row)] = row
        return table

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, i: int) -> int:
        return i

    def collate(self, items: list[int]) -> Batch:
        longest = self._length[items].max()
        notes, tags = (torch.from_numpy(table[items, :longest]) for table in (self._notes, self._tags))
        inputs = {"notes": notes, "length": torch.from_numpy(self._length[items])}
        return Batch(inputs, {self._head: tags}, torch.tensor(items))

    def labels(self, head: str) -> np.ndarray:
        return self._tags

    def groups(self) -> Sequence[str]:
        return self._groups


def build(config: Config, heads: tuple[Head, ...], train: Path | None, valid: Path, seed: int) -> Task:
    torch.manual_seed(seed)
    (head,) = heads
    return Task(
        heads=heads,
        model=config.model.build(NOTES, head),
        spec={
            "recipe": "tagger",
            "model": asdict(config.model),
            "heads": [{"name": head.name, "classes": list(head.classes)}],
        },
        train=SongTable(train, head) if train else None,
        valid=SongTable(valid, head),
        prepare=lambda batch, strength, keys: batch,
        loss=classification_loss,
        metrics={"mean_recall": MacroRecall(heads), head.name: Classification(head)},
        select=Select("mean_recall"),
    )
