"""Strict CSV parser that keeps line numbers.

``pandas.read_csv`` fills short rows, truncates cells at NUL bytes, renames repeated columns and loses line numbers;
so rows are parsed with `csv`, and `core.tables` builds the DataFrame.
"""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tailwise.core.errors import UserError


@dataclass(frozen=True)
class Records:
    """The rows of a CSV file. columns: names; numbers: first line of each row, from 1; cells: texts of each row"""

    columns: list[str]
    numbers: list[int]
    cells: list[list[str]]


def parse(file: Path, text: Iterable[str]) -> Iterator[tuple[int, list[str]]]:
    """Yields (first line number, cells) of each non-blank row; UserError for invalid CSV."""
    reader, before = csv.reader(text, strict=True), 0
    try:
        for cells in reader:
            if cells:
                yield before + 1, cells
            before = reader.line_num
    except csv.Error as error:
        raise UserError(f"{file}: line {before + 1}: not CSV: {error}") from error


def collect(file: Path, columns: list[str], rows: Iterable[tuple[int, list[str]]]) -> Records:
    """The rows after the header; UserError for a row of another width. Equal texts are interned to save memory."""
    found = Records(columns, [], [])
    known: dict[str, str] = {}
    for number, cells in rows:
        if len(cells) != len(columns):
            raise UserError(
                f"{file}: line {number}: {len(cells)} fields where the header has {len(columns)}; "
                "quote a field that holds a comma"
            )
        found.numbers.append(number)
        found.cells.append([known.setdefault(cell, cell) for cell in cells])
    return found
