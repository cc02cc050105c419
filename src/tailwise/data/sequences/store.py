"""Prepared splits of sequences on disk: a manifest, and the features of all positions in shards.

``<folder>/<split>/manifest.csv`` has a row a sequence: the columns of the index table, and `length`, `shard` and
`row`, where its positions are: ``features-<shard>.npy`` is (positions, D) float16, of which a sample's are read alone.
``<folder>/features.json`` has the names of the D features, and their mean and standard deviation in the split train.
"""

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tailwise.balance.labels import Labels
from tailwise.core.errors import UserError
from tailwise.core.files import read_csv, read_json, write_bytes, write_csv, write_json
from tailwise.data.sequences.labels import split_labels
from tailwise.data.tables.spelling import quote

PER_SHARD = 64
"""Sequences."""
PLACES = ("length", "shard", "row")
"""Columns that the store adds to those of the index table."""
LARGEST = float(np.finfo(np.float16).max)
LEAST_DEVIATION = 1e-5
"""A feature that varies less over training positions is constant: it is centred, and not scaled."""


@dataclass(frozen=True, eq=False)
class Features:
    """The features of a store. names: D; mean, std: (D,) float32 over the positions of the split train"""

    names: tuple[str, ...]
    mean: np.ndarray
    std: np.ndarray

    def normalise(self, features: np.ndarray) -> np.ndarray:
        """(T, D) of any float dtype to (T, D) float32 of mean 0 and deviation 1 over training positions."""
        return (features.astype(np.float32) - self.mean) / self.std

    def as_json(self) -> dict[str, list]:
        return {"names": list(self.names), "mean": self.mean.tolist(), "std": self.std.tolist()}


def read_features(file: Path) -> Features:
    """``features.json``; UserError if it is absent or of another form."""
    try:
        return features_of(read_json(file))
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(f"{file}: needs names, mean and std of every feature: run the stage prepare again") from error


def features_of(found: dict) -> Features:
    """From what `Features.as_json` gives; KeyError, TypeError or ValueError for anything else."""
    features = Features(tuple(found["names"]), *(np.array(found[name], np.float32) for name in ("mean", "std")))
    if not features.mean.shape == features.std.shape == (len(features.names),):
        raise ValueError("names, mean and std differ in length")
    if not (np.isfinite(features.mean).all() and (features.std > 0).all()):
        raise ValueError("mean must be finite, and std above 0")
    return features


def read_labels(split: Path, heads: Sequence[str]) -> Labels:
    """The labels of a split's positions, from its manifest alone."""
    rows = read_csv(split / "manifest.csv")
    return Labels([row["sample"] for row in rows], {head: [split_labels(row[head]) for row in rows] for head in heads})


class Moments:
    """Mean and standard deviation of positions that come sequence by sequence, in double precision."""

    def __init__(self):
        self.count, self.total, self.squares = 0, np.zeros(0), np.zeros(0)

    def add(self, features: np.ndarray) -> None:
        """features: (T, D)"""
        exact = features.astype(np.float64)
        if not self.count:
            self.total, self.squares = np.zeros(exact.shape[1]), np.zeros(exact.shape[1])
        self.count += len(exact)
        self.total += exact.sum(0)
        self.squares += (exact**2).sum(0)

    def features(self, names: Sequence[str]) -> Features:
        """One or more positions were added."""
        mean = self.total / self.count
        std = np.sqrt(np.maximum(self.squares / self.count - mean**2, 0))
        std[std < LEAST_DEVIATION] = 1
        return Features(tuple(names), mean.astype(np.float32), std.astype(np.float32))


class SplitWriter:
    """Writes a split sequence by sequence; holds one shard in memory. `close` writes what is left and the manifest.

    columns: of the index table; moments: of the stored features
    """

    def __init__(self, folder: Path, columns: Iterable[str]):
        self.folder, self.columns, self.moments = folder, list(columns), Moments()
        self.rows: list[list] = []
        self._names: set[str] = set()
        self._shard, self._waiting, self._positions = 0, [], 0

    def add(self, row: dict[str, str], features: np.ndarray) -> None:
        """row: a line of the index table; features: (T, D), finite.

        Raises UserError for a sample that was added before, and for a value that float16 cannot hold.
        """
        if row["sample"] in self._names:
            raise UserError(f"{row['path']}: there are two samples {quote(row['sample'])}: rename one")
        check_values(features, f"{row['path']}: sample {quote(row['sample'])}")
        stored = features.astype(np.float16)
        self._names.add(row["sample"])
        self.rows.append([*(row[name] for name in self.columns), len(stored), self._shard, self._positions])
        self._waiting.append(stored)
        self._positions += len(stored)
        self.moments.add(stored)
        if len(self._waiting) == PER_SHARD:
            self._write_shard()

    def close(self) -> None:
        if self._waiting:
            self._write_shard()
        write_csv(self.folder / "manifest.csv", [*self.columns, *PLACES], self.rows)

    def _write_shard(self) -> None:
        content = io.BytesIO()
        np.save(content, np.concatenate(self._waiting), allow_pickle=False)
        write_bytes(shard_file(self.folder, self._shard), content.getvalue())
        self._shard, self._waiting, self._positions = self._shard + 1, [], 0


def check_values(features: np.ndarray, where: str) -> None:
    """Raise UserError for the first value that is not finite, or too large to be stored. where: file and sample"""
    for position, place in np.argwhere(~(np.abs(features) <= LARGEST))[:1]:
        found, advice = features[position, place], f"must be a number of at most {LARGEST:.0f}: repair or scale it"
        raise UserError(f"{where}: position {position + 1}: feature {place + 1} is {found}, {advice}")


def shard_file(folder: Path, shard: int) -> Path:
    return folder / f"features-{shard:03}.npy"


def write_features(file: Path, features: Features) -> None:
    write_json(file, features.as_json())


class Shards:
    """Reads the positions of a split's sequences, and no more than these, so that memory does not grow."""

    def __init__(self, folder: Path):
        self.folder = folder
        self._layout: dict[int, tuple[int, int]] = {}

    def read(self, shard: int, row: int, length: int) -> np.ndarray:
        """(length, D) float16; UserError if the shard is absent, cut short, or no such file."""
        file, (start, width) = shard_file(self.folder, shard), self._header(shard)
        found = np.fromfile(file, np.float16, length * width, offset=start + row * width * 2)
        return found.reshape(length, width)

    def _header(self, shard: int) -> tuple[int, int]:
        """Offset of the first position in bytes, and D."""
        if shard not in self._layout:
            file = shard_file(self.folder, shard)
            try:
                found = np.load(file, mmap_mode="r", allow_pickle=False)
            except (OSError, ValueError) as error:
                raise UserError(f"{file}: cannot be read: run the stage prepare again: {error}") from error
            self._layout[shard] = (found.offset, found.shape[1])
        return self._layout[shard]
