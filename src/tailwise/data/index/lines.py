"""A CSV file that somebody wrote by hand, line by line, with the line numbers for messages."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tailwise.core.errors import UserError


@dataclass(frozen=True)
class Line:
    """cells: {column: text}; number: of the line where the row begins, from 1"""

    file: Path
    number: int
    cells: dict[str, str]

    @property
    def where(self) -> str:
        return f"{self.file}: line {self.number}"


def read_lines(file: Path, param: str) -> tuple[list[str], list[Line]]:
    """Columns and rows of a CSV file in UTF-8; blank lines count for nothing. `param` names the file.

    Raises UserError if the file is absent, no CSV, empty, or has rows of another width than its header.
    """
    records = list(_records(file, _text(file, param)))
    if not records:
        raise UserError(f"{file}: is empty; it needs a header and a row a view")
    (_, columns), *rows = records
    _check_header(file, columns)
    if not rows:
        raise UserError(f"{file}: has a header and no row; it needs a row a view")
    return columns, [_line(file, number, columns, cells) for number, cells in rows]


def _text(file: Path, param: str) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")  # spreadsheets write a mark first
    except OSError as error:
        raise UserError(f"{file}: {error.strerror}; see {param} in params.yaml") from error
    except UnicodeDecodeError as error:
        line = 1 + error.object.count(b"\n", 0, error.start)
        raise UserError(f"{file}: line {line} is not UTF-8: save the table as UTF-8") from error


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
    for place, name in enumerate(columns, start=1):
        if not name.strip():
            raise UserError(f"{file}: column {place} has no name")
        if name.splitlines() != [name]:
            raise UserError(f"{file}: the name of column {place}, {name!r}, holds a line break: take it away")
        if columns.count(name) > 1:
            raise UserError(f"{file}: two columns are named {name}")


def _line(file: Path, number: int, columns: list[str], cells: list[str]) -> Line:
    if len(cells) != len(columns):
        raise UserError(
            f"{file}: line {number}: {len(cells)} fields where the header has {len(columns)}; "
            "quote a field that holds a comma"
        )
    return Line(file, number, dict(zip(columns, cells)))
