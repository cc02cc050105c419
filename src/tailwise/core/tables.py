"""Tables as pandas DataFrames: typed columns, checked on reading, the same bytes on writing."""

# pandas has no types here, so nothing is known of its methods.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, cast

import numpy as np
import pandas as pd

from tailwise.core.errors import UserError, shorten
from tailwise.core.files import rounded, write_csv
from tailwise.core.records import Records, collect, parse

Kind = Literal["text", "integer", "number"]
"""What the cells of a column are. A number may be missing, as an empty cell (NaN); text and integers may not."""


def text_table(
    columns: Iterable[str], rows: Iterable[Iterable[str]], index: Sequence[int] | None = None
) -> pd.DataFrame:
    """A DataFrame of text columns; no text, such as "NA" or "", is read as a missing value."""
    return pd.DataFrame(list(rows), index=cast(Any, index), columns=list(columns), dtype="str")


def read_table(file: Path, schema: Mapping[str, Kind], others: Kind = "text") -> pd.DataFrame:
    """A table that a stage wrote. schema: columns that it must have; others: kind of all other columns

    Raises UserError naming file, line and column for what is absent, no CSV, or of another kind.
    """
    found = _read(file)
    for name in schema:
        if name not in found.columns:
            listed = shorten(", ".join(found.columns), 200)
            raise UserError(f"{file}: has no column {name!r}; there are: {listed}; run the stage that writes it again")
    table = text_table(found.columns, found.cells)
    kinds = dict.fromkeys(found.columns, others) | dict(schema)
    typed = {
        name: _typed(file, found.numbers, column(table, name), kind) for name, kind in kinds.items() if kind != "text"
    }
    return table.assign(**typed)


def column(table: pd.DataFrame, name: str) -> pd.Series:
    """One column of a table whose names are all different; pandas types `table[name]` as possibly a table."""
    return cast(pd.Series, table[name])


def write_table(file: Path, table: pd.DataFrame) -> None:
    """Write the columns as `core.files.write_csv` does: floats rounded, missing numbers as empty cells.

    `DataFrame.round` would give other last digits than Python's `round`, which rounds the exact value.
    """
    numbers: dict[str, Any] = {name: table[name].map(rounded) for name in table.select_dtypes("float").columns}
    cells = table.assign(**numbers).astype(object)
    write_csv(file, table.columns, cells.where(table.notna(), None).itertuples(index=False))


def _read(file: Path) -> Records:
    try:
        with open(file, encoding="utf8", newline="") as text:
            rows = parse(file, text)
            _, columns = next(rows, (0, list[str]()))
            return collect(file, columns, rows)
    except OSError as error:
        raise UserError(f"{file}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UserError(f"{file}: is not UTF-8: run the stage that writes it again") from error


def _typed(file: Path, lines: Sequence[int], cells: pd.Series, kind: str) -> np.ndarray:
    texts = cells.mask(cells == "", "nan") if kind == "number" else cells
    dtype, what = (float, "a number") if kind == "number" else (int, "a whole number")
    try:
        return texts.to_numpy(object).astype(dtype)
    except ValueError:
        line, text = next((line, text) for line, text in zip(lines, cells) if not _is(text or "nan", dtype))
        found = shorten(repr(text), 150)
        raise UserError(f"{file}: line {line}: {cells.name} must be {what}, found {found}") from None


def _is(text: str, dtype: type) -> bool:
    try:
        dtype(text)
        return True
    except ValueError:
        return False
