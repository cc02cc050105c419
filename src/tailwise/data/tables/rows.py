"""The index that every reader returns: the labelled rows of each split."""

import posixpath
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tailwise.balance.labels import classes_of, label_in
from tailwise.data.tables.spelling import quote

if TYPE_CHECKING:
    import pandas as pd

SPLITS = ("train", "valid", "test")

FIRST = ("sample", "view", "group", "path", "content")


@dataclass(frozen=True, eq=False)
class Index:
    """All labelled samples of a data set.

    heads: {head: class names, in the order of class ids}
    rows: {split: one row per sample, or per view of one}; text columns, the same in every split: sample, group, content
        (SHA-256 of the file, "" until it is read), a label per head ("" if missing), other fields; where samples have
        views: view; where they are files: path (relative to the data root)
    dropped: {split: {rule: number of samples it dropped}}
    notes: {split: lines to print}
    sample_name: the word for one sample in messages, see `Recipe.sample_name`
    positions: whether a label is of a sequence, the class names of its positions joined, see `balance.labels.label_in`
    """

    heads: dict[str, tuple[str, ...]]
    rows: dict[str, "pd.DataFrame"]
    dropped: dict[str, dict[str, int]]
    notes: dict[str, list[str]]
    sample_name: str = "sample"
    positions: bool = False

    @property
    def item(self) -> str:
        """The word in messages for what a row is."""
        return "clip" if any("view" in rows for rows in self.rows.values()) else self.sample_name

    def classes_in(self, cell: str) -> list[str]:
        """The classes in a head's cell, one per labelled position; [] without a label."""
        return classes_of(label_in(cell, self.positions))


def inside(path: str) -> str:
    """The normalised path with forward slashes; ValueError if it leaves the data root. Does not follow links."""
    forward = path.replace("\\", "/")
    normal = posixpath.normpath(forward)
    if re.match("/|[A-Za-z]:/", forward) or normal == ".." or normal.startswith("../"):
        raise ValueError(f"{quote(path)} is outside the data root: give a path relative to it")
    return normal
