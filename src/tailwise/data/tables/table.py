"""Reader for a user's CSV file of clips: one row per view.

Columns: sample, path (relative to the data root) and one per head; optional: split, view, group; others are kept.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

from tailwise.data.tables.partition import Split
from tailwise.data.tables.rows import FIRST, Index, inside
from tailwise.data.tables.spelling import clean_name, distinguish

NO_HEAD = ("split", "shard", "row", "epoch", "lr", "score", "train", "balanced_accuracy", *FIRST)
"""Reserved head names: columns and metrics of output files."""


@dataclass(frozen=True)
class Table:
    """A CSV file with one row per view.

    file: path relative to the data root
    heads: the columns to predict
    split: how to draw splits, for a table without a column `split`; null for a table that has one
    """

    kind: Literal["table"]
    file: str
    heads: tuple[str, ...]
    split: Split | None
    missing_class: ClassVar[str] = "move one to train (for drawn splits, try another seed), or drop the class"
    """What to do about a class without a training sample."""

    def __post_init__(self):
        if not self.heads or len(set(self.heads)) < len(self.heads):
            raise ValueError(f"heads must be one or more distinct columns, found {list(self.heads)}")
        for head in self.heads:
            if head != clean_name(head):
                raise ValueError(f"{' is read as '.join(distinguish([head, clean_name(head)]))}: write it so")
            if head in NO_HEAD or not re.fullmatch(r"\w[\w -]*", head):
                others = ", ".join(NO_HEAD)
                raise ValueError(f"{head!r} cannot be a head: use letters, digits, _ and -, and none of {others}")
        inside(self.file)

    def read(self, root: Path) -> Index:
        """Raises UserError for a table that cannot be read, contradicts itself or contradicts these params."""
        from tailwise.data.tables.views import read_views  # imported here: params are checked without pandas

        return read_views(root, self.file, self.heads, self.split)
