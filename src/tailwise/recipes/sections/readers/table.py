"""Feature vectors that the user computed: an npz file, or a CSV file with a row a position.

npz: arrays ``x_<song>`` (T, D), and ``y_<song>`` (T,) with ids or names of labels, for songs that have some.
CSV: columns song, and optional label, group and split; all others are features. A song's rows are in order.
"""

import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import numpy as np

from tailwise.core.errors import UserError
from tailwise.core.files import read_json
from tailwise.data.tables.lines import Line, read_lines
from tailwise.data.tables.partition import Split
from tailwise.data.tables.rows import inside
from tailwise.data.tables.spelling import quote
from tailwise.recipes.sections.readers.listing import DrawTest, read_listing, with_test
from tailwise.recipes.sections.readers.merge import check_merge, heads, merged
from tailwise.recipes.sections.readers.song import Song

ABOUT = ("song", "group", "split", "label")
"""Columns of a CSV file that are no features."""
BINS = 24


@dataclass(frozen=True)
class Vectors:
    """file: npz or CSV, relative to the data root; names: JSON list of label names, for ids
    songs_file: CSV that lists the songs to read, with group and split, see listing.py
    content: what the vectors are; chroma gets the features of chroma; seconds: length of a position, null for none
    classes: {class: labels merged into it}, empty: each label is a class; unlabelled: labels that count as none
    split: how to draw splits; null where the table of songs says them
    draw_test: how to draw test songs from the training songs, for a table of songs that names none; else no effect
    """

    kind: Literal["table"]
    file: str
    names: str | None = None
    songs_file: str | None = None
    content: Literal["vectors", "chroma"] = "vectors"
    seconds: float | None = None
    classes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    unlabelled: tuple[str, ...] = ()
    split: Split | None = None
    draw_test: DrawTest | None = None

    def __post_init__(self):
        for name in (self.file, self.names, self.songs_file):
            inside(name or "")
        if self.seconds is not None and not 0 < self.seconds <= 3600:
            raise ValueError(f"seconds must be above 0 and at most 3600: {self.seconds}")
        if self.content == "chroma" and self.seconds is None:
            raise ValueError("content: chroma needs seconds, which a position lasts")
        if self.draw_test and (self.split or not self.songs_file):
            raise ValueError("draw_test draws from the training songs of songs_file: give that, and set split to null")
        check_merge(self.classes, self.unlabelled)

    @property
    def heads(self) -> dict[str, tuple[str, ...]]:
        return heads(self.classes)

    def songs(self, root: Path) -> Iterator[Song]:
        """Every song of the file, or those of the table of songs; UserError for one of these without vectors."""
        listing = read_listing(root / self.songs_file) if self.songs_file else None
        if listing and self.draw_test:
            listing = with_test(listing, self.draw_test)
        missing = set(listing or ())
        for song in self._all(root / self.file):
            if listing is None:
                yield song
            elif song.name in listing:
                missing.discard(song.name)
                yield replace(song, group=listing[song.name].group, split=listing[song.name].split)
        for name in sorted(missing):
            raise UserError(f"{root / self.file}: has no song {quote(name)}, which {self.songs_file} lists")

    def read_file(self, file: Path) -> Song:
        """The one song of a file of the same form."""
        songs = list(self._all(file))
        if len(songs) != 1:
            raise UserError(f"{file}: has {len(songs)} songs: give a file of one")
        return songs[0]

    def _all(self, file: Path) -> Iterator[Song]:
        """The songs of a file in the order of their names."""
        for name, values, labels, about in self._npz(file) if file.suffix == ".npz" else self._csv(file):
            where = f"{file}: song {quote(name)}"
            if values.ndim != 2 or not values.shape[1] or (self.content == "chroma" and values.shape[1] != BINS):
                wanted = f"a row of {BINS} bins" if self.content == "chroma" else "a row of features"
                raise UserError(f"{where}: has the shape {values.shape}: needs {wanted} for each position")
            content = {self.content: values.astype(np.float32), "seconds": self.seconds}
            classes = merged(labels, self.classes, self.unlabelled, where)
            yield Song(name, about["group"] or name, file.name, classes, split=about["split"], **content)

    def _npz(self, file: Path) -> Iterator[tuple[str, np.ndarray, list[str], dict[str, str]]]:
        """Name, vectors, labels, and group and split of each song; reads one song at a time."""
        names = read_names(file.parent / self.names) if self.names else None
        try:
            with np.load(file, allow_pickle=False) as arrays:
                for name in sorted(key[2:] for key in arrays.files if key.startswith("x_")):
                    labels = arrays[f"y_{name}"] if f"y_{name}" in arrays.files else np.zeros(0, "U1")
                    where = f"{file}: song {quote(name)}"
                    yield name, numbers(arrays[f"x_{name}"], where), label_names(labels, names, where), NOTHING
        except (OSError, ValueError, zipfile.BadZipFile) as error:
            raise UserError(f"{file}: cannot be read as an npz file of plain arrays: {error}") from error

    def _csv(self, file: Path) -> Iterator[tuple[str, np.ndarray, list[str], dict[str, str]]]:
        """As `_npz`."""
        columns, lines = read_lines(file, "data.reader.file")
        features = [column for column in columns if column not in ABOUT]
        if "song" not in columns or not features:
            raise UserError(
                f"{file}: needs a column song and columns of features; there are: {', '.join(columns)[:200]}"
            )
        of_song: dict[str, list[Line]] = {}
        for line in lines:
            of_song.setdefault(line.cells["song"], []).append(line)
        for name in sorted(of_song):
            rows = of_song[name]
            about = {column: _only(rows, column) for column in ("group", "split")}
            labels = [line.cells["label"] for line in rows] if "label" in columns else []
            yield name, np.array([[_number(line, column) for column in features] for line in rows]), labels, about


NOTHING = {"group": "", "split": ""}


def read_names(file: Path) -> list[str]:
    """A JSON list of label names; UserError for anything else."""
    names = read_json(file)
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise UserError(f"{file}: must be a list of label names, in the order of their ids")
    return names


def numbers(values: np.ndarray, where: str) -> np.ndarray:
    """The array; UserError if it is not of numbers."""
    if values.dtype.kind not in "fiub":
        raise UserError(f"{where}: must be an array of numbers, found {values.dtype}")
    return values


def label_names(labels: np.ndarray, names: list[str] | None, where: str) -> list[str]:
    """Labels given as names, or as ids of `names`, a negative id for none. UserError for an id without a name."""
    if labels.ndim != 1:
        raise UserError(f"{where}: its labels have the shape {labels.shape}: give each position one")
    if labels.dtype.kind == "U":
        return labels.tolist()
    if labels.dtype.kind not in "iu":
        raise UserError(f"{where}: its labels must be names or ids, found {labels.dtype}")
    known = names or [str(number) for number in range(int(labels.max(initial=-1)) + 1)]
    for number in labels[labels >= len(known)][:1]:
        raise UserError(f"{where}: the label id {number} has no name: data.reader.names lists {len(known)}")
    return [known[number] if number >= 0 else "" for number in labels.tolist()]


def _only(rows: list[Line], column: str) -> str:
    """The cell of a column in which all rows of a song must agree, "" where the table lacks it."""
    first = rows[0].cells.get(column, "")
    for line in rows:
        if (found := line.cells.get(column, "")) != first:
            said = f"{column} {quote(found)} here and {quote(first)} in line {rows[0].number}"
            raise UserError(f"{line.where}: song {quote(line.cells['song'])} has {said}; its rows must agree")
    return first.lower() if column == "split" else first


def _number(line: Line, column: str) -> float:
    try:
        return float(line.cells[column])
    except ValueError:
        raise UserError(f"{line.where}: {column} must be a number, found {quote(line.cells[column])}") from None
