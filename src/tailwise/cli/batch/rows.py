"""Answers as a table: one row an input, in order."""

import csv
import json
import sys
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tailwise.core.errors import to_line
from tailwise.core.files import csv_text, rounded
from tailwise.core.heads import Head
from tailwise.metrics.predictions import Predictions
from tailwise.recipes.prediction import Prediction

PATH, ERROR, PARTS = "path", "error", "parts"


def header_of(heads: Iterable[Head]) -> list[str]:
    """Columns: the input, why it failed, its parts, and of each head the class and the probability of each class."""
    each = ([head.name, *(f"{head.name}: {name}" for name in head.classes)] for head in heads)
    return [PATH, ERROR, PARTS, *(column for columns in each for column in columns)]


def row_of(path: str, found: Prediction | str, width: int, has_parts: bool) -> list:
    """A row. found: the prediction, or why there is none; width: of the header

    Of a sequence a cell is a JSON list with a value a position, as the column parts is one with a name a part.
    """
    if isinstance(found, str):
        return [path, to_line(found), *[""] * (width - 2)]
    parts = json.dumps(list(found.parts), ensure_ascii=False) if has_parts else ""
    return [path, "", parts, *(cell for of_head in found.heads for cell in _cells(of_head))]


def _cells(found: Predictions) -> list:
    classes = [found.head.classes[label] for label in found.predicted]
    likely = rounded(found.known_probabilities.T.tolist())
    if found.positions is None:
        return [classes[0], *(of_class[0] for of_class in likely)]
    return [json.dumps(classes, ensure_ascii=False), *map(json.dumps, likely)]


def count_failed(shard: Path) -> tuple[int, int]:
    """(rows, rows with an error) of a shard."""
    with _shard_rows(shard) as rows:
        column = next(rows).index(ERROR)
        failed = [bool(row[column]) for row in rows]
    return len(failed), sum(failed)


def merged(shards: Sequence[Path]) -> Iterator[bytes]:
    """The bytes of one table, shard by shard; ValueError for shards of different columns."""
    with _shard_rows(shards[0]) as rows:
        header = csv_text([next(rows)]).encode(*ENCODING)
    yield header
    for shard in shards:
        content = shard.read_bytes()
        if not content.startswith(header):
            raise ValueError(f"{shard}: has other columns than {shards[0]}")
        yield content[len(header) :]


ENCODING = ("utf8", "backslashreplace")
"""Of a shard; the second is for a path that is no UTF-8."""


@contextmanager
def _shard_rows(shard: Path) -> Generator[Iterator[list[str]]]:
    """Its rows; a cell of a long sequence may be longer than csv allows by default."""
    before = csv.field_size_limit(sys.maxsize)
    try:
        with open(shard, encoding="utf8", newline="") as text:
            yield csv.reader(text)
    finally:
        csv.field_size_limit(before)
