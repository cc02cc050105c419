"""From the songs of a reader to the tables of the splits, checked: a row a song."""

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal, Protocol, runtime_checkable

import numpy as np
import pandas as pd

from tailwise.core.errors import UserError
from tailwise.data.sequences.labels import join_labels, split_labels
from tailwise.data.sequences.store import check_values
from tailwise.data.tables.checks.leaks import find_leaks
from tailwise.data.tables.checks.root import check_root, check_tree
from tailwise.data.tables.checks.source import Checked, check_classes, check_names, refusal
from tailwise.data.tables.checks.warnings import find_warnings
from tailwise.data.tables.packed import pack
from tailwise.data.tables.partition import Split, assign, folds, strata
from tailwise.data.tables.rows import SPLITS, Index
from tailwise.data.tables.spelling import quote
from tailwise.data.tables.views import NO_CLASS
from tailwise.recipes.sections.readers.song import HEAD, SEPARATOR, Reader, Song

COLUMNS = ("sample", "group", "path", "content", "seconds", HEAD)
LONGEST_CELL = 100_000
"""Characters of a song's joined labels; a CSV cell may have 131,072."""
RESERVED = (*NO_CLASS, "position")
"""Columns of output files, which no class may be named after."""
UNLABELLED = "without labels"
ADVICE = "move a song that has one to train (for drawn splits, try another seed), or leave the class out"


class Source(Protocol):
    """What `index` reads of the section `data`."""

    @property
    def root(self) -> str: ...
    @property
    def leaks(self) -> Literal["refuse", "warn"]: ...
    @property
    def reader(self) -> Reader: ...


@runtime_checkable
class Noting(Protocol):
    """A reader with something to say of the songs of a split."""

    def notes(self, root: Path, songs: Sequence[str]) -> list[str]:
        """Lines to print. songs: names"""
        ...


def index(source: Source) -> Checked:
    """Read and check the labelled songs; UserError for any fault in them.

    Songs without any label are left out and counted.
    """
    root = Path(source.root)
    check_root(root)
    check_tree(root)
    found = _index(root, _with_splits(root, _table(_rows(root, source.reader)), source.reader.split), source.reader)
    check_names(found, root)
    check_classes(found, root, ADVICE)
    leaks = find_leaks(found, set())
    across = [leak for leak in leaks if leak.crosses]  # two people may differ about one song
    if across and source.leaks == "refuse":
        raise UserError(refusal(root, across))
    return Checked(found, leaks, find_warnings(found, set()))


def _table(rows: Iterator[list[str]]) -> pd.DataFrame:
    """The rows as columns of text; the labels, by far the most of it, are held compressed."""
    names = [*COLUMNS, "split"]
    columns: dict[str, list[Any]] = {name: [] for name in names}
    for row in rows:
        for name, cell in zip(names, row):
            columns[name].append(pack(cell) if name == HEAD and cell else cell)
    return pd.DataFrame({name: pd.Series(columns.pop(name), dtype=object if name == HEAD else "str") for name in names})


def _rows(root: Path, reader: Reader) -> Iterator[list[str]]:
    """COLUMNS and the split of every song."""
    seen: dict[str, str] = {}
    width = None
    for song in reader.songs(root):
        if song.name in seen:
            where = f"{root / seen[song.name]} and {root / song.path}"
            raise UserError(f"{where}: are two songs of the name {quote(song.name)}: rename one")
        width = check_song(root, song, width)
        seen[song.name] = song.path
        yield [*_cells(song), song.split]
    if not seen:
        raise UserError(f"{root}: has no song that data.reader reads: see data.root and data.reader in params.yaml")


def _cells(song: Song) -> list[str]:
    seconds = "" if song.seconds is None else str(round(song.seconds, 6))
    labels = join_labels(song.labels) if any(song.labels) else ""
    return [song.name, song.group, song.path, content(song), seconds, labels]


def content(song: Song) -> str:
    """SHA-256 in hex of what a song's features are computed from, whatever its labels and its file."""
    values = song.vectors if song.vectors is not None else song.chroma
    if values is None:
        return hashlib.sha256("\n".join(song.lines).encode()).hexdigest()
    shape = repr(values.shape).encode()
    return hashlib.sha256(shape + np.ascontiguousarray(values, "<f4").tobytes()).hexdigest()


def check_song(root: Path, song: Song, width: int | None = None) -> int | None:
    """Raise UserError for a song that cannot be used; returns the number of its vectors' columns.

    width: that of the songs before
    """
    where = f"{root / song.path}: song {quote(song.name)}"
    if not len(song):
        raise UserError(f"{where}: has no line or window: fill it, or remove it")
    if song.labels and len(song.labels) != len(song):
        raise UserError(f"{where}: has {len(song.labels)} labels of {len(song)} positions: give each position one")
    if not song.group:
        raise UserError(f"{where}: has no group: give it one, as its own name")
    _check_labels(where, song.labels)
    values = song.vectors if song.vectors is not None else song.chroma
    if values is None:
        return width
    if width not in (None, values.shape[1]):
        raise UserError(
            f"{where}: has rows of {values.shape[1]} features, songs before have {width}: give all the same"
        )
    check_values(values, where)
    return values.shape[1]


def _check_labels(where: str, labels: Sequence[str]) -> None:
    for position, label in enumerate(labels, start=1):
        if SEPARATOR in label or len(label.splitlines()) > 1:
            raise UserError(f"{where}: position {position}: the class {quote(label)} has a {SEPARATOR} or a line break")
        if label in RESERVED:
            raise UserError(f"{where}: position {position}: the class {quote(label)} is a reserved name: rename it")
    if len(join_labels(labels)) > LONGEST_CELL:
        raise UserError(f"{where}: its {len(labels)} positions are too many: cut it, or take longer positions")


def _with_splits(root: Path, rows: pd.DataFrame, split: Split | None) -> pd.DataFrame:
    """The rows with a split each, the songs' own or drawn."""
    own = rows["split"].isin(SPLITS)
    if split is None:
        for name, found in rows.loc[~own, ["sample", "split"]].itertuples(index=False):
            said = f"has the split {quote(found)}, which is not one of {', '.join(SPLITS)}" if found else "has no split"
            raise UserError(f"{root}: song {quote(name)} {said}; see data.reader.split in params.yaml")
        return rows
    for name in rows.loc[rows["split"] != "", "sample"].head(1):
        raise UserError(f"{root}: song {quote(name)} has a split of its own, so data.reader.split must be null")
    order = rows.sort_values("sample")
    most = max(folds(split.test)[1], folds(split.valid / (1 - split.test))[1])
    labels = strata((split_labels(cell) for cell in order[HEAD]), most)
    try:
        drawn = dict(zip(order["sample"], assign(labels, order["group"].to_list(), split)))
    except UserError as error:
        raise UserError(
            f"{root}: too few songs to draw splits: {error}; see data.reader.split in params.yaml"
        ) from error
    return rows.assign(split=[drawn[name] for name in rows["sample"]])


def _index(root: Path, rows: pd.DataFrame, reader: Reader) -> Index:
    classes = reader.heads.get(HEAD, ())
    kept = rows.loc[rows[HEAD] != ""]
    found = sorted({label for cell in kept[HEAD] for label in split_labels(cell)} - {""})
    if unknown := [name for name in found if classes and name not in classes]:
        listed = ", ".join(classes)
        raise UserError(f"{root}: the class {quote(unknown[0])} is in the songs and not among the classes {listed}")
    parts = {split: kept.loc[kept["split"] == split, list(COLUMNS)].reset_index(drop=True) for split in SPLITS}
    without = Counter(rows.loc[rows[HEAD] == "", "split"])
    dropped = {split: {UNLABELLED: without[split]} if without[split] else {} for split in SPLITS}
    notes = {split: [f"songs {rule}, left out: {count}" for rule, count in of.items()] for split, of in dropped.items()}
    if isinstance(reader, Noting):
        notes = {split: [*notes[split], *reader.notes(root, parts[split]["sample"].to_list())] for split in SPLITS}
    return Index({HEAD: classes or tuple(found)}, parts, dropped, notes, "song", positions=True)
