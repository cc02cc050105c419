"""A CSV file of somebody's own clips to a table of labelled views.

Columns: sample, path (from the data root) and one per head; optionally split, view, group; others are kept.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

from tailwise.data.tables.partition import Split
from tailwise.data.tables.rows import FIRST, Index, inside
from tailwise.data.tables.spelling import clean_name, distinguish

NO_HEAD = ("split", "shard", "row", "epoch", "lr", "score", "train", "balanced_accuracy", *FIRST)
"""Reserved names: columns and figures of later files."""


@dataclass(frozen=True)
class Table:
    """A row a view.

    file: CSV, from the data root
    heads: the columns to predict
    split: for a table without a column `split`; otherwise null
    """

    kind: Literal["table"]
    file: str
    heads: tuple[str, ...]
    split: Split | None
    missing_class: ClassVar[str] = "move one to train (drawn splits: by another seed), or leave the class out"
    """What to do about a class without a training sample."""

    def __post_init__(self):
        if not self.heads or len(set(self.heads)) < len(self.heads):
            raise ValueError(f"heads must be one or more different columns, found {list(self.heads)}")
        for head in self.heads:
            if head != clean_name(head):
                raise ValueError(f"{' is read as '.join(distinguish([head, clean_name(head)]))}: write it so")
            if head in NO_HEAD or not re.fullmatch(r"\w[\w -]*", head):
                others = ", ".join(NO_HEAD)
                raise ValueError(f"{head!r} cannot be a head: take letters, digits, _ and -, and none of {others}")
        inside(self.file)

    def read(self, root: Path) -> Index:
        """Raises UserError for a table that cannot be read, contradicts itself or contradicts these params."""
        from tailwise.data.tables.views import read_views  # here, as params are checked without pandas

        return read_views(root, self.file, self.heads, self.split)
