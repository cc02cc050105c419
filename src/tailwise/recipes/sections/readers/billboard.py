"""McGill Billboard in its official folders: ``<id>/salami_chords.txt`` and ``<id>/bothchroma.csv``.

The two may lie in one folder, or in the folders of the same id that the official archives unpack.
Source: https://ddmal.ca/research/The_McGill_Billboard_Project_(Chord_Analysis_Dataset)/
"""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np

from tailwise.core.errors import UserError
from tailwise.data.tables.partition import Split
from tailwise.data.tables.spelling import quote
from tailwise.recipes.sections.readers.merge import check_merge, heads, merged
from tailwise.recipes.sections.readers.song import Song
from tailwise.recipes.sections.readers.windows import Interval, window_labels, window_means

ANNOTATION, CHROMA = "salami_chords.txt", "bothchroma.csv"
BINS = 24
SYNONYMS: dict[str, tuple[str, ...]] = {
    "silence": ("silence",),
    "intro": ("intro", "pre-intro", "intro-a", "intro-b"),
    "verse": ("verse", "verse one", "verse two", "verse three", "verse four", "verse five"),
    "pre-chorus": ("pre chorus", "pre-chorus", "prechorus", "pre chorus two"),
    "chorus": ("chorus", "refrain", "chorus a", "chorus b", "post chorus", "post-chorus"),
    "bridge": ("bridge", "key change", "modulation"),
    "solo": ("solo", "guitar solo", "piano solo", "sax solo", "flute solo", "organ solo"),
    "interlude": ("interlude", "pre-verse", "trans", "transition", "break", "breakdown"),
    "instrumental": ("instrumental", "instrumental break", "theme", "main theme", "secondary theme"),
    "outro": ("outro", "coda", "fadeout", "fade out", "ending", "vamp"),
    "other": ("other", "z", "spoken", "spoken verse", "vocal", "ambient", "applause", "noise", "stage sounds"),
}
"""{section: its names in the annotations, in lower case}"""
NO_SECTION = ("end",)


@dataclass(frozen=True)
class Billboard:
    """window: seconds; a window's chroma is the mean, its label that with the largest overlap
    synonyms: {section: names in the annotations}, besides SYNONYMS and before them
    classes: {class: sections merged into it}; unlabelled: sections without a class
    split: how to draw splits
    """

    kind: Literal["billboard"]
    window: float = 0.5
    synonyms: dict[str, tuple[str, ...]] = field(default_factory=dict)
    classes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    unlabelled: tuple[str, ...] = ()
    split: Split | None = None

    def __post_init__(self):
        if not 0 < self.window <= 60:
            raise ValueError(f"window must be above 0 and at most 60 seconds: {self.window}")
        check_merge(self.classes, self.unlabelled)

    @property
    def heads(self) -> dict[str, tuple[str, ...]]:
        return heads(self.classes)

    def songs(self, root: Path) -> Iterator[Song]:
        """Every song that has an annotation; UserError for one without chroma."""
        annotations = {file.parent.name: file for file in sorted(root.rglob(ANNOTATION))}
        chroma = {file.parent.name: file for file in sorted(root.rglob(CHROMA))}
        if not annotations:
            raise UserError(f"{root}: has no {ANNOTATION} in a folder of a song: see data.root")
        for name in sorted(annotations):
            if name not in chroma:
                raise UserError(
                    f"{annotations[name]}: there is no {name}/{CHROMA}: put it beside it, or remove the song"
                )
            yield self._song(name, annotations[name], chroma[name], root)

    def _song(self, name: str, annotation: Path, chroma: Path, root: Path) -> Song:
        title, intervals = read_annotation(annotation, names_of(self.synonyms))
        times, values = read_chroma(chroma)
        count = max(1, int(times[-1] / self.window))
        labels = merged(window_labels(intervals, count, self.window), self.classes, self.unlabelled, str(annotation))
        means, path = window_means(times, values, count, self.window), annotation.relative_to(root).as_posix()
        return Song(name, title or name, path, labels, chroma=means, seconds=self.window)

    def read_file(self, file: Path) -> Song:
        """A song to predict: its chroma, with the annotation beside it as labels if there is one."""
        annotation = file.with_name(ANNOTATION)
        if annotation.is_file():
            return self._song(file.parent.name, annotation, file, file.parent)
        return unlabelled_song(file, self.window)


def unlabelled_song(file: Path, window: float) -> Song:
    """The song of a file of chroma, whatever lies beside it. window: seconds"""
    times, values = read_chroma(file)
    means = window_means(times, values, max(1, int(times[-1] / window)), window)
    return Song(file.parent.name, file.parent.name, file.name, (), chroma=means, seconds=window)


def names_of(synonyms: dict[str, tuple[str, ...]]) -> dict[str, str]:
    """{name in the annotations: section}"""
    every = [*SYNONYMS.items(), *synonyms.items()]
    return {name.lower(): section for section, names in every for name in names}


def song_key(title: str, artist: str) -> str:
    """The same for entries of the same song: letters and digits in lower case.

    >>> song_key("I Don't mind", "James Brown")
    'i don t mind|james brown'
    """
    plain = [" ".join(re.sub(r"[\W_]+", " ", text.casefold()).split()) for text in (title, artist)]
    return "|".join(plain) if any(plain) else ""


def read_annotation(file: Path, names: dict[str, str]) -> tuple[str, list[Interval]]:
    """The song's key, and its sections; UserError that names file and line for anything else.

    names: {name in the annotations, in lower case: section}
    """
    head, marks, last = {}, [], 0.0
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{file}: cannot be read as UTF-8: {error}") from error
    for number, line in enumerate(lines, start=1):
        if line.startswith("#"):
            name, _, value = line.lstrip("# ").partition(":")
            head[name.strip()] = value.strip()
        elif line.strip():
            last, text = _timed(file, number, line, last)
            if section := _section(file, number, text, names):
                marks.append((last, section))
    if not marks or last <= marks[0][0]:
        raise UserError(f"{file}: has no section with a time, as `22.3<TAB>B, verse, ...`")
    ends = [*(start for start, _ in marks[1:]), last]
    intervals = [Interval(start, end, section) for (start, section), end in zip(marks, ends) if end > start]
    return song_key(head.get("title", ""), head.get("artist", "")), intervals


def _timed(file: Path, number: int, line: str, before: float) -> tuple[float, str]:
    start, _, text = line.strip().partition("\t")
    try:
        found = float(start)
    except ValueError:
        found = -1.0
    if not before <= found < 1e6:
        raise UserError(f"{file}: line {number}: must begin with a time in seconds, not before that of the line above")
    return found, text.strip()


def _section(file: Path, number: int, text: str, names: dict[str, str]) -> str:
    """The section that begins in a line, "" if none does.

    Before the chords stand a letter (the kind of section), its name, or both.
    """
    words = [word.strip() for word in text.partition("|")[0].split(",")]
    words = [word for word in words if word and not word.startswith("(") and not word.endswith(")")]
    letters = [word for word in words if re.fullmatch(r"[A-Z]'*", word) and word != "Z"]
    named = [word.lower() for word in words if word not in letters]
    if not named or named[0] in NO_SECTION:
        return "other" if letters and not named else ""
    if named[0] not in names:
        where = f"{file}: line {number}: the section {quote(named[0])} is unknown"
        raise UserError(f"{where}: add it to data.reader.synonyms, as {{other: [{named[0]}]}}")
    return names[named[0]]


def read_chroma(file: Path) -> tuple[np.ndarray, np.ndarray]:
    """Times (F,) and chroma (F, 24), bass first, of a CSV file with the columns file, time and the bins."""
    times, values = [], []
    try:
        with open(file, encoding="utf8", newline="") as text:
            for number, row in enumerate(csv.reader(text), start=1):
                if len(row) != 2 + BINS:
                    raise UserError(
                        f"{file}: line {number}: has {len(row)} fields: file, time and {BINS} bins are needed"
                    )
                times.append(float(row[1]))
                values.append([float(cell) for cell in row[2:]])
    except OSError as error:
        raise UserError(f"{file}: {error.strerror}") from error
    except (ValueError, csv.Error) as error:
        raise UserError(f"{file}: line {len(values) + 1}: is no row of numbers: {error}") from error
    if not times:
        raise UserError(f"{file}: is empty")
    return np.array(times), np.array(values)
