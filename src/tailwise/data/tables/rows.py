"""What every reader gives: the labelled views of each split."""

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

    heads: {head: its classes in index order}
    rows: {split: a row a view}, text columns, the same in all: sample, view, group, path (from the data root), content
        (SHA-256 of the file, "" until it is read), a label per head ("" where it is missing), then every other field
    dropped: {split: {rule: samples that it left out}}
    notes: {split: lines to print about it}
    """

    heads: dict[str, tuple[str, ...]]
    rows: dict[str, "pd.DataFrame"]
    dropped: dict[str, dict[str, int]]
    notes: dict[str, list[str]]


def inside(path: str) -> str:
    """The path with forward slashes, normalised; ValueError if it leaves the data root. Links are not followed."""
    forward = path.replace("\\", "/")
    normal = posixpath.normpath(forward)
    if re.match("/|[A-Za-z]:/", forward) or normal == ".." or normal.startswith("../"):
        raise ValueError(f"{quote(path)} is outside the data root: give a path from there")
    return normal
