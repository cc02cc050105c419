"""Sections that people marked in JAMS, SALAMI and ``.lab`` files, beside chroma as CSV or recordings.

A song is ``<name>.jams``, ``<name>.lab``, or a folder ``<name>`` with SALAMI's ``textfile1.txt`` and ``textfile2.txt``.
Its content is ``<name>.csv`` (as bothchroma.csv of McGill Billboard), or a recording of that name, beside it; or in the
folder ``bothchroma.csv`` or the recording ``audio``.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np

from tailwise.core.errors import UserError
from tailwise.data.tables.partition import Split
from tailwise.recipes.sections.readers.agreement import agreement
from tailwise.recipes.sections.readers.annotations import read_intervals, read_jams
from tailwise.recipes.sections.readers.audio import SUFFIXES, read_audio
from tailwise.recipes.sections.readers.billboard import CHROMA, read_chroma, song_key
from tailwise.recipes.sections.readers.merge import check_merge, heads, merged
from tailwise.recipes.sections.readers.song import Song
from tailwise.recipes.sections.readers.windows import Interval, window_labels, window_means

TEXTS = ("textfile1.txt", "textfile2.txt")


@dataclass(frozen=True)
class Jams:
    """annotators: whose sections are taken; both: each song once for each of them, in one group
    window: seconds; classes: {class: labels merged into it}, empty: each label is a class
    unlabelled: labels that count as none
    split: how to draw splits
    """

    kind: Literal["jams"]
    annotators: Literal["first", "second", "both"] = "first"
    window: float = 0.5
    classes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    unlabelled: tuple[str, ...] = ()
    split: Split | None = None

    def __post_init__(self):
        if not 0.1 <= self.window <= 60:
            raise ValueError(f"window must be within [0.1, 60] seconds: {self.window}")
        check_merge(self.classes, self.unlabelled)

    @property
    def heads(self) -> dict[str, tuple[str, ...]]:
        return heads(self.classes)

    def songs(self, root: Path) -> Iterator[Song]:
        """Every song; a song with one annotator is taken whosever sections are."""
        sources = find_sources(root)
        if not sources:
            raise UserError(f"{root}: has no annotation: .jams, .lab or {TEXTS[0]}; see data.root")
        for name in sorted(sources):
            yield from self._songs(name, sources[name], root)

    def read_file(self, file: Path) -> Song:
        """A song to predict: the content beside its annotation, with the first annotator's sections as labels."""
        name = file.parent.name if file.name in TEXTS else file.stem
        return next(iter(self._songs(name, file, file.parent)))

    def _songs(self, name: str, file: Path, root: Path) -> Iterator[Song]:
        group, parts = read_annotators(file)
        chroma = read_content(file, self.window)
        taken = {"first": parts[:1], "second": parts[-1:], "both": parts}[self.annotators]
        for number, intervals in enumerate(taken, start=1):
            labels = self._labels(file, intervals, len(chroma))
            own = f"{name}#{number}" if len(taken) > 1 else name
            path = file.relative_to(root).as_posix()
            yield Song(own, group or name, path, labels, chroma=chroma, seconds=self.window)

    def _labels(self, file: Path, intervals: Sequence[Interval], count: int) -> tuple[str, ...]:
        return merged(window_labels(intervals, count, self.window), self.classes, self.unlabelled, str(file))

    def notes(self, root: Path, songs: Sequence[str]) -> list[str]:
        """How far two annotators agree, a line, if songs have two. songs: names, as `songs` gives them"""
        sources, found = find_sources(root), []
        for name in dict.fromkeys(name if name in sources else name.rpartition("#")[0] for name in songs):
            parts = read_annotators(sources[name])[1]
            if len(parts) > 1:
                count = max(1, int(min(part[-1].end for part in parts) / self.window))
                labels = [self._labels(sources[name], part, count) for part in parts[:2]]
                found.append(agreement(labels[0], labels[1], self.window))
        if not found:
            return []
        half, three, same = (float(np.mean(values)) for values in zip(*found))
        said = f"boundary F1 {half:.3f} within 0.5 s and {three:.3f} within 3 s, the same label {same:.3f}"
        return [f"two annotators of {len(found)} songs agree: {said}"]


def find_sources(root: Path) -> dict[str, Path]:
    """{song: its annotation}; UserError for a song with two of these files."""
    files = [file for file in root.rglob("*") if file.suffix in (".jams", ".lab") or file.name == TEXTS[0]]
    found: dict[str, Path] = {}
    for file in sorted(files):
        place = file.parent if file.name == TEXTS[0] else file.with_suffix("")
        name = place.relative_to(root).as_posix()
        if name in found:
            raise UserError(f"{found[name]} and {file}: are two annotations of a song: remove one")
        found[name] = file
    return found


def read_annotators(file: Path) -> tuple[str, list[list[Interval]]]:
    """The song's group, "" if the file names no title or artist, and the sections as each annotator has them."""
    if file.suffix == ".jams":
        about, parts = read_jams(file)
        return song_key(str(about.get("title") or ""), str(about.get("artist") or "")), parts
    files = [file.with_name(name) for name in TEXTS] if file.name in TEXTS else [file]
    return "", [read_intervals(each) for each in files if each.is_file()]


def read_content(file: Path, window_s: float) -> np.ndarray:
    """Chroma (T, 24) of what lies beside an annotation; UserError if there is nothing."""
    stem = file.with_name("audio") if file.name in TEXTS else file.with_suffix("")
    chroma = file.with_name(CHROMA) if file.name in TEXTS else file.with_suffix(".csv")
    if chroma.is_file():
        times, values = read_chroma(chroma)
        return window_means(times, values, max(1, int(times[-1] / window_s)), window_s)
    for suffix in SUFFIXES:
        if (recording := stem.with_suffix(suffix)).is_file():
            return read_audio(recording, window_s)
    raise UserError(f"{file}: there is no {chroma.name} beside it, nor {stem.name} as {', '.join(SUFFIXES)}")
