"""Anyone's clips with one label each, listed in a CSV file: one row per clip.

Columns: sample, path (relative to the data root) and action; optional: split, group, template, placeholders (a JSON
list of the words of objects); others are kept.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

from tailwise.core.errors import UserError
from tailwise.data.tables.partition import Split
from tailwise.data.tables.rows import Index, inside
from tailwise.data.tables.spelling import quote
from tailwise.data.tables.table import Table
from tailwise.recipes.actions.readers.ssv2 import COLUMNS, HEAD

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class ClipTable:
    """A CSV file with one row per clip.

    file: path relative to the data root
    split: how to draw splits, for a table without a column `split`; null for a table that has one
    """

    kind: Literal["table"]
    file: str
    split: Split | None
    missing_class: ClassVar[str] = Table.missing_class

    def __post_init__(self) -> None:
        inside(self.file)

    def read(self, root: Path) -> Index:
        """Raises UserError for a table that cannot be read, contradicts itself or contradicts these params."""
        from tailwise.data.tables.views import read_views  # here, as params are checked without pandas

        index = read_views(root, self.file, (HEAD,), self.split, several_views=False)
        rows = {split: _arranged(root / self.file, table) for split, table in index.rows.items()}
        return Index(index.heads, rows, index.dropped, index.notes, "clip")


def _arranged(file: Path, table: "pd.DataFrame") -> "pd.DataFrame":
    """The columns of an index, in order. Without a template it is the class, and without words there are none."""
    templates = table["template"] if "template" in table else table[HEAD]
    words = table["placeholders"] if "placeholders" in table else ["[]"] * len(table)
    for sample, written in zip(table["sample"], words):
        _check_words(file, sample, written)
    filled = table.assign(template=templates, placeholders=[text or "[]" for text in words])
    others = [name for name in table if name not in (*COLUMNS, "view")]
    return filled.loc[:, [*COLUMNS, *others]].astype("str")


def _check_words(file: Path, sample: str, written: str) -> None:
    """Raise UserError unless it is empty or a JSON list of texts."""
    try:
        words = json.loads(written or "[]")
    except (ValueError, RecursionError):
        words = None
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        example = '["a cup", "a table"]'
        raise UserError(
            f"{file}: sample {quote(sample)}: placeholders must be a JSON list as {example}, found {quote(written)}"
        )
