"""Samples that are sequences, read from a prepared split (see store.py)."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import torch

from tailwise.core.batch import Batch
from tailwise.core.errors import UserError
from tailwise.core.files import read_csv
from tailwise.core.heads import Head
from tailwise.data.sequences.labels import class_ids, next_section, pad, until_next
from tailwise.data.sequences.store import Shards, read_features

AUXILIARY: dict[str, Callable[[np.ndarray], np.ndarray]] = {"next": next_section, "until": until_next}
"""{target: its values (T,) from the class ids (T,)}"""


class Sequences:
    """Dataset over one prepared split. A sample is the features of its positions and a class id each.

    folder: of the split; features.json is beside it
    auxiliary: names of further targets that follow from the labels of the first head, see AUXILIARY
    lengths: (N,) positions
    Memory holds the labels, and of the features no more than the samples asked for.
    """

    def __init__(self, folder: Path, heads: tuple[Head, ...], auxiliary: Sequence[str] = ()):
        self.folder, self.heads, self.auxiliary = folder, heads, tuple(auxiliary)
        self.features = read_features(folder.parent / "features.json")
        self.names: list[str] = []
        self._groups: list[str] = []
        self._seconds: set[float | None] = set()
        self._ids: dict[str, list[np.ndarray]] = {head.name: [] for head in heads}
        places = list(self._read())
        self._places = np.array(places, np.int64).reshape(-1, 3)
        self.lengths = self._places[:, 0]
        self._shards = Shards(folder)

    @property
    def seconds(self) -> float | None:
        """Length of a position; None where it is none of time, or differs between samples."""
        return next(iter(self._seconds)) if len(self._seconds) == 1 else None

    def _read(self) -> Iterator[tuple[int, int, int]]:
        """Length, shard and row of each sample; fills names, groups and class ids."""
        file = self.folder / "manifest.csv"
        for row in read_csv(file):
            try:
                place = (int(row["length"]), int(row["shard"]), int(row["row"]))
                self._seconds.add(float(row["seconds"]) if row["seconds"] else None)
                ids = {head.name: class_ids(row[head.name], head) for head in self.heads}
            except (KeyError, ValueError) as error:
                raise UserError(f"{file}: sample {row.get('sample')}: {error}: run the stage prepare again") from error
            if any(len(of_head) != place[0] for of_head in ids.values()):
                raise UserError(f"{file}: sample {row['sample']}: has not a label for each of {place[0]} positions")
            self.names.append(row["sample"])
            self._groups.append(row["group"])
            for name, of_head in ids.items():
                self._ids[name].append(of_head)
            yield place

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, i: int) -> tuple[int, np.ndarray]:
        """The sample's index, and its features (T, D) float32, normalised."""
        length, shard, row = self._places[i].tolist()
        return i, self.features.normalise(self._shards.read(shard, row, length))

    def collate(self, items: list[tuple[int, np.ndarray]]) -> Batch:
        """features (B, T, D) float32, 0 as padding, and length (B,) int64; targets (B, T), IGNORE as padding."""
        index = np.array([i for i, _ in items], np.int64)
        features = torch.from_numpy(pad([features for _, features in items], 0))
        inputs = {"features": features, "length": torch.from_numpy(self.lengths[index])}
        return Batch(inputs, self._targets(index), torch.from_numpy(index))

    def _targets(self, index: np.ndarray) -> dict[str, torch.Tensor]:
        ids = {name: [of_head[i].astype(np.int64) for i in index] for name, of_head in self._ids.items()}
        first = next(iter(ids.values()), [])
        ids |= {name: [AUXILIARY[name](of_sample) for of_sample in first] for name in self.auxiliary}
        return {name: torch.from_numpy(pad(rows)) for name, rows in ids.items()}

    def labels(self, head: str) -> np.ndarray:
        """Class ids (N, T) int64, IGNORE where missing and as padding; from the manifest alone."""
        rows = self._ids[head] if head in self._ids else [AUXILIARY[head](ids) for ids in self._first()]
        return pad(rows).astype(np.int64)

    def _first(self) -> list[np.ndarray]:
        return next(iter(self._ids.values()))

    def groups(self) -> Sequence[str]:
        return self._groups
