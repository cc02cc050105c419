"""Checks of a table's columns: none missing, misnamed or reserved."""

import difflib
from collections.abc import Sequence
from pathlib import Path

from tailwise.core.errors import UserError, shorten
from tailwise.data.tables.spelling import quote, similar_name

NEEDED = ("sample", "path")
OPTIONAL = ("split", "view", "group")
RESERVED = ("content", "shard", "row")
"""Names of columns that the index and the clip store add."""


def check_columns(file: Path, columns: Sequence[str], heads: Sequence[str], drawn: bool) -> None:
    """Raise UserError for a missing, misnamed or reserved column. drawn: splits are drawn, as data.reader.split says"""
    known = (*NEEDED, *OPTIONAL, *heads)
    for name in NEEDED:
        if name not in columns:
            raise UserError(f"{file}: has no column {name}{_instead(name, columns, known)}")
    for name in heads:
        if name not in columns:
            instead = _instead(name, columns, known)
            raise UserError(f"{file}: has no column {name}, which data.reader.heads names{instead}")
    for name in OPTIONAL:
        if name not in columns and (other := similar_name(name, columns)) and other not in known:
            raise UserError(
                f"{file}: the column {quote(other)} is not read as {name}: rename it {name}, or something else"
            )
    for name in RESERVED:
        if name in columns:
            raise UserError(f"{file}: the column name {name} is reserved: rename it")
    if "split" in columns and drawn:
        raise UserError(f"{file}: has a column split, so data.reader.split in params.yaml must be null")
    if "split" not in columns and not drawn:
        example = "{valid: 0.15, test: 0.15, seed: 1}"
        raise UserError(f"{file}: has no column split; set data.reader.split in params.yaml, as {example}")


def _instead(name: str, columns: Sequence[str], known: Sequence[str]) -> str:
    """Error suffix: the most similar column, if any, and the columns of the file."""
    free = [column for column in columns[:1000] if column not in known and len(column) <= 100]
    near = similar_name(name, free) or next(iter(difflib.get_close_matches(name, free, n=1, cutoff=0.8)), None)
    hint = f"; did you mean {quote(near)}? Rename it {name}" if near else ""
    return f"{hint}; there are: {shorten(', '.join(columns), 200)}"
