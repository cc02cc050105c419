"""What every reader gives: the labelled views of each split, as rows of text."""

import posixpath
import re
from dataclasses import dataclass

from tailwise.data.tables.spelling import quoted

SPLITS = ("train", "valid", "test")

Row = dict[str, str]
"""One view: sample, view, group, path (from the data root), content, then a label per head ("" where it
is missing), then every other field of the data."""

FIRST = ("sample", "view", "group", "path", "content")


@dataclass(frozen=True)
class Index:
    """All labelled views of a data set.

    heads: {head: its classes in index order}
    rows: {split: a row a view}, the same columns in all
    dropped: {split: {rule: samples that it left out}}
    notes: {split: lines to print about it}
    """

    heads: dict[str, tuple[str, ...]]
    rows: dict[str, list[Row]]
    dropped: dict[str, dict[str, int]]
    notes: dict[str, list[str]]


def by_sample(rows: list[Row]) -> dict[str, list[Row]]:
    """{sample: rows of its views}, both in the order of the rows."""
    samples: dict[str, list[Row]] = {}
    for row in rows:
        samples.setdefault(row["sample"], []).append(row)
    return samples


def inside(path: str) -> str:
    """The path with forward slashes, normalised; ValueError if it leaves the data root. Links are not followed."""
    forward = path.replace("\\", "/")
    absolute = re.match("/|[A-Za-z]:/", forward)
    if absolute or posixpath.normpath(forward).split("/")[0] == "..":
        raise ValueError(f"{quoted(path)} is outside the data root: give a path from there")
    return posixpath.normpath(forward)
