"""Warnings about data that are unusual but may be intended."""

from collections.abc import Hashable, Iterator

import pandas as pd

from tailwise.core.tables import column
from tailwise.data.tables.checks.leaks import Leak, all_rows, contradictory
from tailwise.data.tables.rows import Index
from tailwise.data.tables.spelling import confusable, distinguish, quote, skeleton


def find_warnings(index: Index, stubs: set[str]) -> list[Leak]:
    """Duplicate contents within a split, and names that look alike there. stubs: as in `find_leaks`"""
    twice = list(_repeated(all_rows(index, stubs), index))
    return [*twice, *(warning for split, rows in index.rows.items() for warning in _alike(split, rows))]


def _repeated(table: pd.DataFrame, index: Index) -> Iterator[Leak]:
    """Each content that occurs several times in a split with consistent labels."""
    key = ["item", "split"]
    again = table.loc[table.duplicated(key, keep=False)]
    again = again.loc[~contradictory(again, key, list(index.heads))]
    order = again.groupby("item", sort=False).ngroup()
    for _, rows in again.groupby([order, again["split"]], sort=False):
        split = rows["split"].iloc[0]
        first, second, *more = map(_place, rows.to_dict("records"))
        others = f" and {len(more)} more" if more else ""
        yield Leak(split, f"the same {index.item} is {first} and {second}{others} in {split}")


def _place(row: dict[Hashable, str]) -> str:
    """Where a row is: its path, view and sample, as far as it has them."""
    view = f"view {row['view']} of " if "view" in row else ""
    return f"{row['place']} ({view}sample {row['sample']})" if "path" in row else row["place"]


def _alike(split: str, rows: pd.DataFrame) -> Iterator[Leak]:
    samples = confusable(rows["sample"])
    groups = [names for names in confusable(rows["group"]) if names not in samples]
    for what, found in (("samples", samples), ("groups", groups)):
        for names in found:
            apart = " and ".join(distinguish(names))
            yield Leak(split, f"the {what} {apart} look alike and count as different ones in {split}")
    if "view" in rows:
        yield from _alike_views(split, rows)


def _alike_views(split: str, rows: pd.DataFrame) -> Iterator[Leak]:
    look = column(rows, "view").map({view: skeleton(view) for view in rows["view"].unique()})
    same = rows.loc[rows.assign(look=look).duplicated(["sample", "look"], keep=False)]
    for sample, views in same.groupby("sample", sort=False)["view"]:
        for names in confusable(views):
            apart = " and ".join(distinguish(names))
            yield Leak(split, f"the views {apart} of sample {quote(sample)} look alike in {split}")
