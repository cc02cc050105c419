"""Warnings about data that are unusual but may be intended."""

from collections.abc import Iterator

import pandas as pd

from tailwise.core.tables import column
from tailwise.data.tables.checks.leaks import Leak, all_views, contradictory
from tailwise.data.tables.rows import Index
from tailwise.data.tables.spelling import confusable, distinguish, quote, skeleton


def find_warnings(index: Index, stubs: set[str]) -> list[Leak]:
    """Duplicate clips within a split, and names that look alike there. stubs: as in `find_leaks`"""
    twice = list(_repeated(all_views(index, stubs), list(index.heads)))
    return [*twice, *(warning for split, rows in index.rows.items() for warning in _alike(split, rows))]


def _repeated(table: pd.DataFrame, heads: list[str]) -> Iterator[Leak]:
    """Each clip that occurs several times in a split with consistent labels."""
    key = ["clip", "split"]
    again = table.loc[table.duplicated(key, keep=False)]
    again = again.loc[~contradictory(again, key, heads)]
    order = again.groupby("clip", sort=False).ngroup()
    for _, views in again.groupby([order, again["split"]], sort=False):
        split = views["split"].iloc[0]
        cells = zip(views["path"], views["view"], views["sample"])
        first, second, *more = [f"{path} (view {view} of sample {sample})" for path, view, sample in cells]
        others = f" and {len(more)} more" if more else ""
        yield Leak(split, f"the same clip is {first} and {second}{others} in {split}")


def _alike(split: str, rows: pd.DataFrame) -> Iterator[Leak]:
    samples = confusable(rows["sample"])
    groups = [names for names in confusable(rows["group"]) if names not in samples]
    for what, found in (("samples", samples), ("groups", groups)):
        for names in found:
            apart = " and ".join(distinguish(names))
            yield Leak(split, f"the {what} {apart} look alike and count as different ones in {split}")
    look = column(rows, "view").map({view: skeleton(view) for view in rows["view"].unique()})
    same = rows.loc[rows.assign(look=look).duplicated(["sample", "look"], keep=False)]
    for sample, views in same.groupby("sample", sort=False)["view"]:
        for names in confusable(views):
            apart = " and ".join(distinguish(names))
            yield Leak(split, f"the views {apart} of sample {quote(sample)} look alike in {split}")
