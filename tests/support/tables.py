"""Rows of text to the DataFrames of readers, and back."""

import pandas as pd

from tailwise.core.tables import text_table


def table(rows: list[dict[str, str]]) -> pd.DataFrame:
    """Rows of the same columns; without a row, without a column."""
    return text_table(list(rows[0]) if rows else [], [list(row.values()) for row in rows])


def records(frame: pd.DataFrame) -> list[dict]:
    return frame.to_dict("records")
