"""Reader of a folder of lyrics: a UTF-8 text file a song, a line a position, with section marks between the lines.

Files: ``*.txt``, also in subfolders; the first folder may be the split: train, valid or test. Songs of one group are
never in two splits: the artist that ``# artist: NAME`` or ``Artist: NAME`` at the top of the file names; else the part
of the file's name before `` - ``; else its folder; else the song alone.

Blank lines are left out: lyric sites put one between sections, which would give each boundary away. Lines before the
first mark have no label. A section counts once, as its lines are written, whatever ``[Chorus x2]`` says; a mark
without lines, a repeat by reference, adds none: a position is always a line of the file.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

from tailwise.core.errors import UserError
from tailwise.data.tables.partition import Split
from tailwise.data.tables.rows import SPLITS
from tailwise.data.tables.spelling import clean_name, quote
from tailwise.recipes.sections.readers.marks import KNOWN, mark_in, nearest, plain_name, section_name
from tailwise.recipes.sections.readers.song import Song

LARGEST_FILE = 2**20
"""Bytes."""
MOST_LINES = 2_000
"""Of a song. Its self-similarity takes memory and time by the square of them: 0.3 GB and 10 s at the limit."""
LONGEST_LINE = 1_000
"""Characters."""
BREAK = re.compile("\r\n|\r|\n")
CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
HEADER = re.compile(r"#.*|(?:title|artist|album|author|year|writer|language|genre)s?\s*:.*", re.IGNORECASE)
ARTIST = re.compile(r"(?:#\s*)?artist\s*:\s*(.*\S)\s*", re.IGNORECASE)
HEADER_LINES = 20
"""Lines at the top of a file that may be headers."""


@dataclass(frozen=True)
class Lyrics:
    """classes: {class: the names of the marks that mean it}, in the order of class ids
    unknown: what to do about a mark that is neither among them nor a usual one: its lines have no label if ignored
    split: how to draw splits; null for a folder whose subfolders are train, valid and test
    """

    kind: Literal["lyrics"]
    classes: dict[str, tuple[str, ...]]
    unknown: Literal["refuse", "ignore"]
    split: Split | None

    def __post_init__(self):
        if len(self.classes) < 2:
            raise ValueError(f"classes must be two or more, found {list(self.classes)}")
        for name in self.classes:
            if name != clean_name(name) or not re.fullmatch(r"\w[\w -]*", name):
                raise ValueError(f"{quote(name)} cannot be a class: use letters, digits, spaces, _ and -")
        marks = [mark for names in self.classes.values() for mark in names]
        if bare := [mark for mark in marks if not plain_name(mark)]:
            raise ValueError(f"classes: {quote(bare[0])} names no mark: it has no letter")
        if twice := [mark for mark, count in Counter(map(plain_name, marks)).items() if count > 1]:
            same = [mark for mark in marks if plain_name(mark) == twice[0]]
            raise ValueError(f"classes: {' and '.join(map(quote, same))} are one mark: name it once")

    @property
    def heads(self) -> dict[str, tuple[str, ...]]:
        return {"section": tuple(self.classes)}

    def songs(self, root: Path) -> Iterator[Song]:
        """Every song by its name, which is its path without ``.txt``; raises UserError that names file and line."""
        files = sorted(_files(root))
        if not files:
            raise UserError(f"{root}: no .txt file in it: put a song's lyrics in each, as UTF-8 text")
        self._check_splits(root, files)
        for file in files:
            yield self._read(root, file)

    def read_file(self, file: Path) -> Song:
        """A song to predict: one without marks has no labels."""
        return self._read(file.parent, file.name)

    def _check_splits(self, root: Path, files: list[str]) -> None:
        """Either all files are below a split's folder, or none is and the params say how to draw."""
        outside = [file for file in files if not _split_of(file)]
        if self.split is None and outside:
            raise UserError(f"{root / outside[0]}: below none of {', '.join(SPLITS)}: set reader.split to draw splits")
        if self.split is not None and len(outside) < len(files):
            found = next(file for file in files if _split_of(file))
            raise UserError(f"{root / found}: the folder names its split: set reader.split to null")

    def _read(self, root: Path, path: str) -> Song:
        lines = _numbered(root / path)
        header = _header(lines)
        positions, marked = self._label(root / path, lines[len(header) :])
        if not positions:
            raise UserError(f"{root / path}: a song of no lines: add its lyrics, or remove the file")
        if len(positions) > MOST_LINES:
            raise UserError(f"{root / path}: {len(positions)} lines of lyrics; a song may have {MOST_LINES}")
        return Song(
            name=path.removesuffix(".txt"),
            group=_group(path, [line for _, line in header]),
            path=path,
            labels=tuple(label for label, _ in positions) if marked else (),
            lines=tuple(line for _, line in positions),
            split=_split_of(path),
        )

    def _label(self, file: Path, lines: list[tuple[int, str]]) -> tuple[list[tuple[str, str]], bool]:
        """(label, line) of each position; and whether there is a mark."""
        positions, label, marked = [], "", False
        for number, line in lines:
            mark = mark_in(line, self._written)
            if mark is None:
                positions.append((label, line))
            else:
                label, marked = self._class_of(mark, f"{file}: line {number}"), True
        return positions, marked

    def _class_of(self, mark: str, where: str) -> str:
        """The class of a mark; "" for a section of no class."""
        name = section_name(mark, self._written)
        if name not in self._written and self.unknown == "refuse":
            near = nearest(name, self._written)
            meant = f"did you mean {near!r}? " if near else ""
            raise UserError(f"{where}: unknown mark {quote(f'[{mark}]')}: {meant}Name it in reader.classes")
        return self._class_by_name.get(name, "")

    @cached_property
    def _class_by_name(self) -> dict[str, str]:
        return {plain_name(mark): name for name, marks in self.classes.items() for mark in marks}

    @cached_property
    def _written(self) -> dict[str, str]:
        """{plain name: as written} of all names that are known."""
        return {
            plain_name(name): name for name in (*KNOWN, *(mark for marks in self.classes.values() for mark in marks))
        }


def _files(root: Path) -> Iterator[str]:
    """Paths relative to the root, without hidden files. Raises UserError for a name that no table can hold."""
    if not root.is_dir():
        raise UserError(f"{root}: not a folder of lyrics")
    for file in root.rglob("*.txt"):
        path = file.relative_to(root).as_posix()
        if path.startswith(".") or "/." in path or not file.is_file():
            continue
        if not path.isprintable():
            raise UserError(
                f"{root}: the file {quote(path)}: its name has characters that cannot be printed: rename it"
            )
        yield path


def _numbered(file: Path) -> list[tuple[int, str]]:
    """(number, text) of each line that is not blank. Raises UserError for a file that is no text."""
    if (size := file.stat().st_size) > LARGEST_FILE:
        raise UserError(f"{file}: {size} bytes; a song may have {LARGEST_FILE >> 20} MiB: is it lyrics?")
    content = file.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        number = content[: error.start].count(b"\n") + 1
        raise UserError(f"{file}: line {number}: not UTF-8: save it as UTF-8 text") from error
    lines = list(enumerate(BREAK.split(text), start=1))
    for number, line in lines:
        if found := CONTROL.search(line):
            raise UserError(f"{file}: line {number}: control character {quote(found[0])}: remove it")
        if len(line) > LONGEST_LINE:
            raise UserError(f"{file}: line {number}: {len(line)} characters; a line may have {LONGEST_LINE}")
    return [(number, clean) for number, line in lines if (clean := clean_name(line))]


def _header(lines: list[tuple[int, str]]) -> list[tuple[int, str]]:
    """Lines at the top that tell about the song."""
    count = 0
    while count < min(len(lines), HEADER_LINES) and HEADER.fullmatch(lines[count][1]):
        count += 1
    return lines[:count]


def _split_of(path: str) -> str:
    """The split that the first folder names, whatever its case; else ""."""
    first, slash, _ = path.partition("/")
    return first.lower() if slash and first.lower() in SPLITS else ""


def _group(path: str, header: list[str]) -> str:
    """The artist; else the folder, without the split; else the song."""
    for line in header:
        if found := ARTIST.fullmatch(line):
            return clean_name(found[1])
    folder, _, name = path.removesuffix(".txt").rpartition("/")
    artist, dash, _ = name.partition(" - ")
    if dash and clean_name(artist):
        return clean_name(artist)
    inner = folder.partition("/")[2] if _split_of(path) else folder
    return inner or path.removesuffix(".txt")
