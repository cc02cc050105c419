"""Leaks: clips or groups in several splits, and clips with several labels."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

import pandas as pd

from tailwise.core.tables import column
from tailwise.data.tables.rows import Index
from tailwise.data.tables.spelling import confusable, distinguish, quote

APART = "keep each in one split (for drawn splits, give them a common group)"
ONE_LABEL = "give each clip one label"
SPELT = "use one spelling for the same name, and clearly different names otherwise"


@dataclass(frozen=True)
class Leak:
    """split: the last of the splits that share the item; text: what leaks and where; advice: what to do"""

    split: str
    text: str
    advice: str = APART

    @property
    def crosses(self) -> bool:
        """Whether the leak is between splits."""
        return self.advice != ONE_LABEL


def find_leaks(index: Index, stubs: set[str]) -> list[Leak]:
    """A leak for each clip, group or sample in two splits, and for each clip with two labels.

    Names that look alike count as one.
    stubs: hashes of files too small to be a clip; such files are identified by path
    """
    table, heads = all_views(index, stubs), list(index.heads)
    shared = table.loc[_splits(table, "clip") > 1]
    labelled = table.loc[(_splits(table, "clip") == 1) & contradictory(table, ["clip"], heads)]
    groups = table.loc[_splits(table, "group") > 1]
    return [
        *(_clip_leak(views, heads) for _, views in shared.groupby("clip", sort=False)),
        *(_label_leak(views, heads) for _, views in labelled.groupby("clip", sort=False)),
        *(_group_leak(str(group), views) for group, views in groups.groupby("group", sort=False)),
        *_alike(table),
    ]


def all_views(index: Index, stubs: set[str]) -> pd.DataFrame:
    """The rows of all splits, concatenated, with the columns `split` and `clip` (an id of the content)."""
    parts = [rows.assign(split=split) for split, rows in index.rows.items()]
    table = pd.concat(parts, ignore_index=True)
    contents = column(table, "content")
    return table.assign(clip=contents.mask(contents.isin(list(stubs)), column(table, "path")))


def contradictory(table: pd.DataFrame, key: list[str], heads: list[str]) -> pd.Series:
    """Per row, whether the views with its key have different labels in some head; missing labels are ignored."""
    found = pd.Series(False, table.index)
    for head in heads:
        labels = column(table, head)
        found |= _distinct(labels.mask(labels == ""), [column(table, name) for name in key]) > 1
    return found


def _splits(table: pd.DataFrame, name: str) -> pd.Series:
    """In how many splits each row's value of the column `name` is."""
    return _distinct(column(table, "split"), [column(table, name)])


def _distinct(values: pd.Series, by: list[pd.Series]) -> pd.Series:
    """Per row, the number of distinct non-missing values in its group."""
    return cast(pd.Series, values.groupby(by).transform("nunique"))


def _clip_leak(views: pd.DataFrame, heads: list[str]) -> Leak:
    first = views.drop_duplicates("split")
    where = [f"{path} in {split}" for path, split in zip(first["path"], first["split"])]
    labels = "".join(f"; its {head} is {' and '.join(map(quote, of))}" for head, of in _differ(views, heads).items())
    return Leak(first["split"].iloc[-1], f"the same clip is {' and '.join(where)}{labels}")


def _label_leak(views: pd.DataFrame, heads: list[str]) -> Leak:
    """A clip with several labels within one split."""
    head, *_ = _differ(views, heads)
    split, first = views["split"].iloc[0], views.loc[views[head] != ""].drop_duplicates(head)
    cells = zip(first["path"], first[head], first["sample"])
    where = [f"{path} ({head} {quote(label)}, sample {sample})" for path, label, sample in cells]
    return Leak(split, f"the same clip is {' and '.join(where)} in {split}", ONE_LABEL)


def _differ(views: pd.DataFrame, heads: list[str]) -> dict[str, list[str]]:
    """{head: labels} of the heads in which the views have different labels."""
    found = {head: views.loc[views[head] != "", head].unique().tolist() for head in heads}
    return {head: labels for head, labels in found.items() if len(labels) > 1}


def _group_leak(group: str, views: pd.DataFrame) -> Leak:
    first = views.drop_duplicates("split")
    where = [f"in {split} (sample {sample})" for split, sample in zip(first["split"], first["sample"])]
    return Leak(first["split"].iloc[-1], f"the group {quote(group)} is {' and '.join(where)}")


def _alike(table: pd.DataFrame) -> Iterator[Leak]:
    """Groups or samples whose names look alike and that are in different splits."""
    reported = []
    for what in ("group", "sample"):
        splits = dict(zip(table[what], table["split"]))
        for names in confusable(splits):
            if names not in reported and len({splits[name] for name in names}) > 1:
                reported.append(names)
                where = " and ".join(f"{seen} in {splits[name]}" for seen, name in zip(distinguish(names), names))
                yield Leak(splits[names[-1]], f"the {what}s {where} look alike", SPELT)
