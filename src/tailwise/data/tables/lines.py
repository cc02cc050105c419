"""Reads a user's CSV file with line numbers, so that every error names file and line.

Does not import pandas, since the command `predict` reads tables too.
"""

import io
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from tailwise.core.errors import UserError, shorten
from tailwise.core.files import regular
from tailwise.core.records import Records, collect, parse
from tailwise.data.tables.spelling import LONGEST_NAME, clean_name, quote

LARGEST_FILE = 2**26
"""Bytes."""
MOST_LINES = 1_000_000


@dataclass(frozen=True)
class Line:
    """One row. cells: {column: text}; number: the line on which it begins, from 1"""

    file: Path
    number: int
    cells: dict[str, str]

    @property
    def where(self) -> str:
        return f"{self.file}: line {self.number}"


def read_lines(file: Path, param: str) -> tuple[list[str], list[Line]]:
    """Column names and rows of a user's table; parameters and errors as for `read_records`."""
    found = read_records(file, param)
    rows = zip(found.numbers, found.cells)
    return found.columns, [Line(file, number, dict(zip(found.columns, cells))) for number, cells in rows]


def read_records(file: Path, param: str) -> Records:
    """Read a user's CSV file in UTF-8; cleans column names and skips blank lines.

    param: the parameter that names the file, for error messages
    Raises UserError if the file is absent, too large, not CSV, empty, or has a row whose width differs from the header.
    """
    rows = parse(file, io.StringIO(_text(file, param)))
    _, header = next(rows, (0, None))
    if header is None:
        raise UserError(f"{file}: is empty; it needs a header and one row per view")
    columns = [clean_name(name[:LONGEST_NAME]) for name in header]
    _check_header(file, columns)
    found = collect(file, columns, rows)
    if not found.numbers:
        raise UserError(f"{file}: has a header and no row; it needs one row per view")
    return found


def _text(file: Path, param: str) -> str:
    try:
        size, text = regular(file).stat().st_size, ""
        if size <= LARGEST_FILE:
            text = file.read_text(encoding="utf-8-sig")  # spreadsheets write a byte order mark
    except OSError as error:
        raise UserError(f"{file}: {error.strerror}; see {param} in params.yaml") from error
    except UnicodeDecodeError as error:
        line = 1 + error.object.count(b"\n", 0, error.start)
        raise UserError(f"{file}: line {line} is not UTF-8: save the table as UTF-8") from error
    if size > LARGEST_FILE or text.count("\n") > MOST_LINES:
        raise UserError(f"{file}: {size} bytes: at most {LARGEST_FILE >> 20} MiB and {MOST_LINES} lines are read")
    return text


def _check_header(file: Path, columns: list[str]) -> None:
    counts = Counter(columns)
    for place, name in enumerate(columns, start=1):
        if not name:
            raise UserError(f"{file}: column {place} has no name")
        if name.splitlines() != [name]:
            raise UserError(f"{file}: the name of column {place}, {quote(name)}, contains a line break: remove it")
        if counts[name] > 1:
            raise UserError(f"{file}: two columns are named {shorten(name, 120)}")
