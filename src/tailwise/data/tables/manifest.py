"""The table of samples: one row per view, the same labels in all rows of a sample."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from tailwise.core.tables import read_table


def read_index(file: Path, heads: Sequence[str]) -> pd.DataFrame:
    """The views of a split, or its samples, as the index stage lists them."""
    return read_table(file, dict.fromkeys(("sample", "path", "content", *heads), "text"))


def read_labels(manifest: Path, heads: Sequence[str]) -> tuple[list[str], dict[str, list[str]]]:
    """Sample names, and {head: class names} in the same order; "" where a label is missing."""
    table = read_table(manifest, dict.fromkeys(("sample", *heads), "text")).drop_duplicates("sample")
    return table["sample"].to_list(), {head: table[head].to_list() for head in heads}
