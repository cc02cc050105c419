"""A CSV file that somebody wrote by hand, line by line, with the line numbers for messages."""

import csv
import io
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from tailwise.core.errors import UserError, shorten
from tailwise.core.files import regular
from tailwise.data.tables.spelling import LONGEST_NAME, quoted, tidy

LARGEST_FILE = 2**26
"""Bytes."""
MOST_LINES = 1_000_000


@dataclass(frozen=True)
class Line:
    """cells: {column: text}; number: of the line where the row begins, from 1; respelt: cells as they were written"""

    file: Path
    number: int
    cells: dict[str, str]
    respelt: tuple[str, ...] = ()

    @property
    def where(self) -> str:
        return f"{self.file}: line {self.number}"

    def spelt(self, cells: dict[str, str]) -> "Line":
        """With these cells spelt otherwise."""
        before = tuple(self.cells[name] for name, text in cells.items() if text != self.cells[name])
        return replace(self, cells={**self.cells, **cells}, respelt=self.respelt + before) if before else self

    def tidy(self, names: Iterable[str]) -> "Line":
        """With tidy cells in these columns, see spelling.py; raises UserError for one that is too long for a name."""
        for name in names:
            if len(self.cells[name]) > LONGEST_NAME:
                limit = f"at most {LONGEST_NAME} are read"
                raise UserError(f"{self.where}: {name} has {len(self.cells[name])} characters; {limit}")
        return self.spelt({name: tidy(self.cells[name]) for name in names})


def read_lines(file: Path, param: str) -> tuple[list[str], list[Line]]:
    """Columns, by tidy names, and rows of a CSV file in UTF-8; blank lines count for nothing. `param` names the file.

    Raises UserError if the file is absent, too large, no CSV, empty, or has rows of another width than its header.
    """
    records = list(_records(file, _text(file, param)))
    if not records:
        raise UserError(f"{file}: is empty; it needs a header and a row a view")
    (_, header), *rows = records
    columns = [tidy(name[:LONGEST_NAME]) for name in header]
    _check_header(file, columns)
    if not rows:
        raise UserError(f"{file}: has a header and no row; it needs a row a view")
    return columns, [_line(file, number, columns, cells) for number, cells in rows]


def _text(file: Path, param: str) -> str:
    try:
        size, text = regular(file).stat().st_size, ""
        if size <= LARGEST_FILE:
            text = file.read_text(encoding="utf-8-sig")  # spreadsheets write a mark first
    except OSError as error:
        raise UserError(f"{file}: {error.strerror}; see {param} in params.yaml") from error
    except UnicodeDecodeError as error:
        line = 1 + error.object.count(b"\n", 0, error.start)
        raise UserError(f"{file}: line {line} is not UTF-8: save the table as UTF-8") from error
    if size > LARGEST_FILE or text.count("\n") > MOST_LINES:
        raise UserError(f"{file}: {size} bytes: at most {LARGEST_FILE >> 20} MiB and {MOST_LINES} lines are read")
    return text


def _records(file: Path, text: str) -> Iterator[tuple[int, list[str]]]:
    """(number of its first line, cells) of each row that is not blank."""
    reader, before = csv.reader(io.StringIO(text), strict=True), 0
    try:
        for cells in reader:
            if cells:
                yield before + 1, cells
            before = reader.line_num
    except csv.Error as error:
        raise UserError(f"{file}: line {before + 1}: not CSV: {error}") from error


def _check_header(file: Path, columns: list[str]) -> None:
    counts = Counter(columns)
    for place, name in enumerate(columns, start=1):
        if not name:
            raise UserError(f"{file}: column {place} has no name")
        if name.splitlines() != [name]:
            raise UserError(f"{file}: the name of column {place}, {quoted(name)}, holds a line break: take it away")
        if counts[name] > 1:
            raise UserError(f"{file}: two columns are named {shorten(name, 120)}")


def _line(file: Path, number: int, columns: list[str], cells: list[str]) -> Line:
    if len(cells) != len(columns):
        raise UserError(
            f"{file}: line {number}: {len(cells)} fields where the header has {len(columns)}; "
            "quote a field that holds a comma"
        )
    return Line(file, number, dict(zip(columns, cells)))
