"""Leaks: contents or groups in several splits, and contents with several labels."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

import pandas as pd

from tailwise.core.tables import column
from tailwise.data.tables.rows import Index
from tailwise.data.tables.spelling import confusable, distinguish, quote

APART = "keep each in one split (for drawn splits, give them a common group)"
SPELT = "use one spelling for the same name, and clearly different names otherwise"


@dataclass(frozen=True)
class Leak:
    """split: the last of the splits that share the item; text: what leaks and where; advice: what to do

    crosses: whether it is between splits
    """

    split: str
    text: str
    advice: str = APART
    crosses: bool = True


def find_leaks(index: Index, stubs: set[str]) -> list[Leak]:
    """A leak for each content, group or sample in two splits, and for each content with two labels.

    Names that look alike count as one.
    stubs: hashes of files too small to be a sample; such files are identified by their place
    """
    table = all_rows(index, stubs)
    shared = table.loc[_splits(table, "item") > 1]
    labelled = table.loc[(_splits(table, "item") == 1) & contradictory(table, ["item"], list(index.heads))]
    groups = table.loc[_splits(table, "group") > 1]
    return [
        *(_item_leak(rows, index) for _, rows in shared.groupby("item", sort=False)),
        *(_label_leak(rows, index) for _, rows in labelled.groupby("item", sort=False)),
        *(_group_leak(str(group), rows) for group, rows in groups.groupby("group", sort=False)),
        *_alike(table),
    ]


def all_rows(index: Index, stubs: set[str]) -> pd.DataFrame:
    """The rows of all splits, concatenated, with the columns `split`, `item` (an id of the content) and `place`.

    place: where the content is, as messages say it: its path, or the name of its sample where there are no paths
    Labels that name no class are "".
    """
    parts = [rows.assign(split=split) for split, rows in index.rows.items()]
    table = pd.concat(parts, ignore_index=True)
    table = table.assign(place=table["path"] if "path" in table else "sample " + column(table, "sample"))
    labels = {head: column(table, head) for head in index.heads}
    heads = {
        head: cells.where(cells.map(lambda cell: bool(index.classes_in(cell))), "") for head, cells in labels.items()
    }
    contents = column(table, "content")
    return table.assign(**heads, item=contents.mask(contents.isin(list(stubs)), column(table, "place")))


def contradictory(table: pd.DataFrame, key: list[str], heads: list[str]) -> pd.Series:
    """Per row, whether the rows with its key have different labels in some head; missing labels are ignored."""
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


def _item_leak(rows: pd.DataFrame, index: Index) -> Leak:
    first = rows.drop_duplicates("split")
    where = [f"{place} in {split}" for place, split in zip(first["place"], first["split"])]
    labels = "".join(f"; its {head} {_listed(of, index)}" for head, of in _differ(rows, index).items())
    return Leak(first["split"].iloc[-1], f"the same {index.item} is {' and '.join(where)}{labels}")


def _listed(labels: list[str], index: Index) -> str:
    """Different labels in words; those of sequences are too long to be listed."""
    return "differs" if index.positions else f"is {' and '.join(map(quote, labels))}"


def _label_leak(rows: pd.DataFrame, index: Index) -> Leak:
    """A content with several labels within one split."""
    head, *_ = _differ(rows, index)
    split, first = rows["split"].iloc[0], rows.loc[rows[head] != ""].drop_duplicates(head)
    cells = zip(first["place"], first[head], first["sample"])
    labels = f"; its {head} differs" if index.positions else ""
    where = [
        f"{place} ({'' if index.positions else f'{head} {quote(label)}, '}sample {sample})"
        for place, label, sample in cells
    ]
    text = f"the same {index.item} is {' and '.join(where)} in {split}{labels}"
    return Leak(split, text, f"give each {index.item} one label", crosses=False)


def _differ(rows: pd.DataFrame, index: Index) -> dict[str, list[str]]:
    """{head: labels} of the heads in which the rows have different labels."""
    found = {head: rows.loc[rows[head] != "", head].unique().tolist() for head in index.heads}
    return {head: labels for head, labels in found.items() if len(labels) > 1}


def _group_leak(group: str, rows: pd.DataFrame) -> Leak:
    first = rows.drop_duplicates("split")
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
