"""The index that every reader returns: the labelled views of each split."""

import posixpath
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tailwise.data.tables.spelling import quote

if TYPE_CHECKING:
    import pandas as pd

SPLITS = ("train", "valid", "test")

FIRST = ("sample", "view", "group", "path", "content")


@dataclass(frozen=True, eq=False)
class Index:
    """All labelled views of a data set.

    heads: {head: class names, in the order of class ids}
    rows: {split: one row per view}; text columns, the same in every split: sample, view, group, path (relative to the
        data root), content (SHA-256 of the file, "" until it is read), a label per head ("" if missing), other fields
    dropped: {split: {rule: number of samples it dropped}}
    notes: {split: lines to print}
    """

    heads: dict[str, tuple[str, ...]]
    rows: dict[str, "pd.DataFrame"]
    dropped: dict[str, dict[str, int]]
    notes: dict[str, list[str]]


def inside(path: str) -> str:
    """The normalised path with forward slashes; ValueError if it leaves the data root. Does not follow links."""
    forward = path.replace("\\", "/")
    normal = posixpath.normpath(forward)
    if re.match("/|[A-Za-z]:/", forward) or normal == ".." or normal.startswith("../"):
        raise ValueError(f"{quote(path)} is outside the data root: give a path relative to it")
    return normal
