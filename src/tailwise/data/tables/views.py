"""From a user's table to the labelled views of each split. The DataFrame is indexed by line number."""

from collections.abc import Callable, Sequence
from pathlib import Path
from unicodedata import normalize

import pandas as pd

from tailwise.core.errors import UserError
from tailwise.core.tables import column, text_table
from tailwise.data.raw import RawFile
from tailwise.data.tables.columns import check_columns
from tailwise.data.tables.lines import read_records
from tailwise.data.tables.partition import Split, assign
from tailwise.data.tables.rows import FIRST, SPLITS, Index, inside
from tailwise.data.tables.spelling import LONGEST_NAME, clean_name, quote, spelling_notes

NO_CLASS = ("sample", "group", "actual", "predicted")
"""Reserved class names: columns of output files."""


def read_views(root: Path, name: str, heads: Sequence[str], split: Split | None, several_views: bool = True) -> Index:
    """Read the table `name` below the data root.

    split: how to draw splits; None if the table has a column `split`
    several_views: whether a sample may have several rows; if not, a column `view` is refused
    Raises UserError, with file and line, for a table that cannot be read or contradicts itself.
    """
    file = root / name
    found = read_records(file, "data.reader.file")
    check_columns(file, found.columns, heads, split is not None)
    if not several_views:
        _check_single(file, found.columns)
    written = text_table(found.columns, found.cells, found.numbers)
    views = _cleaned(file, root, written, heads)
    _check_cells(file, views, heads)
    if split is None:
        views["split"] = views["split"].str.lower()
    _check_samples(file, views, heads, several_views)
    if split is not None:
        views["split"] = column(views, "sample").map(_draw(file, views, heads, split))
    views = views.iloc[views.groupby("sample", sort=False).ngroup().argsort(kind="stable")]
    notes = _notes(written.loc[views.index], views, heads)
    views = _arranged(views, heads)
    rows = {name: views.loc[views["split"] == name].drop(columns="split").reset_index(drop=True) for name in SPLITS}
    classes = {head: tuple(sorted(set(views[head]) - {""})) for head in heads}
    return Index(classes, rows, {name: {} for name in SPLITS}, notes)


def _check_single(file: Path, columns: Sequence[str]) -> None:
    if "view" in columns:
        raise UserError(f"{file}: has a column view, but a sample is one clip here: remove the column, or rename it")


def names_in(views: pd.DataFrame, heads: Sequence[str]) -> list[str]:
    """The columns whose names are normalised."""
    return [name for name in ("sample", "view", "group", "split", *heads) if name in views]


def _cleaned(file: Path, root: Path, views: pd.DataFrame, heads: Sequence[str]) -> pd.DataFrame:
    """The views with normalised names and paths; UserError for a name that is too long or a path outside the root."""
    for name in (*names_in(views, heads), "path"):
        lengths = views[name].str.len()
        for line, length in lengths[lengths > LONGEST_NAME].head(1).items():
            limit = f"at most {LONGEST_NAME} are read"
            raise UserError(f"{file}: line {line}: {name} has {length} characters; {limit}")
    clean = {name: _map(column(views, name), clean_name) for name in names_in(views, heads)}
    _refuse_empty(file, "path", _map(column(views, "path"), clean_name))
    return views.assign(**clean, path=_paths(file, root, column(views, "path")))


def _map(texts: pd.Series, change: Callable[[str], str]) -> pd.Series:
    """Apply `change` to each text, once per distinct text."""
    return texts.map({text: change(text) for text in texts.drop_duplicates().to_numpy(object)})


def _paths(file: Path, root: Path, paths: pd.Series) -> list[str]:
    found = []
    for line, path in zip(paths.index, paths.to_numpy(object)):
        try:
            found.append(_as_on_disk(root, path))
        except ValueError as error:
            raise UserError(f"{file}: line {line}: path {error}") from error
    return found


def _as_on_disk(root: Path, written: str) -> str:
    """The path as written if that file exists; else normalised, in NFC or NFD, whichever exists.

    Raises ValueError for a path that leaves the data root.
    """
    plain = clean_name(written)
    ways = {way: inside(way) for way in dict.fromkeys((plain, written, normalize("NFD", plain)))}
    if len(ways) == 1 or RawFile(root, ways[written]).exists():
        return written
    return next((way for way, path in ways.items() if RawFile(root, path).exists()), plain)


def _refuse_empty(file: Path, name: str, texts: pd.Series) -> None:
    for line in texts.loc[texts == ""].index[:1]:
        raise UserError(f"{file}: line {line}: {name} is empty")


def _check_cells(file: Path, views: pd.DataFrame, heads: Sequence[str]) -> None:
    """Raise UserError for the first invalid cell of a column."""
    for name in ("sample", "view", "group"):
        if name in views:
            _refuse_empty(file, name, column(views, name))
    for head in heads:
        labels = column(views, head)
        for line, label in labels.loc[labels.isin(NO_CLASS)].head(1).items():
            raise UserError(f"{file}: line {line}: {head} {quote(label)} is a reserved name: rename it")
    if "split" in views:
        splits = column(views, "split")
        for line, split in splits.loc[~splits.str.lower().isin(SPLITS)].head(1).items():
            raise UserError(f"{file}: line {line}: split must be {', '.join(SPLITS)}, found {quote(split)}")


def _check_samples(file: Path, views: pd.DataFrame, heads: Sequence[str], several_views: bool) -> None:
    """Raise UserError for a duplicate view, and for views of one sample that disagree."""
    key = [name for name in ("sample", "view") if name in views]
    for line, row in views.loc[views.duplicated(key)].head(1).iterrows():
        before = (views.loc[:, key] == row[key]).all(axis=1).idxmax()
        _refuse_twice(file, line, row, before, several_views)
    of_sample, lines = views.groupby("sample", sort=False), views.index.to_series()
    for name in (name for name in ("split", "group", *heads) if name in views):
        first = of_sample[name].transform("first")
        for line, row in views[views[name] != first].head(1).iterrows():
            there = f"{quote(first[line])} in line {lines.loc[views['sample'] == row['sample']].iloc[0]}"
            disagree = f"{name} {quote(row[name])} here and {there}; its views must agree"
            raise UserError(f"{file}: line {line}: sample {quote(row['sample'])} has {disagree}")


def _refuse_twice(file: Path, line: int, row: pd.Series, before: int, several_views: bool) -> None:
    sample, there = quote(row["sample"]), f"is in line {before} too"
    if "view" in row:
        raise UserError(f"{file}: line {line}: view {quote(row['view'])} of sample {sample} {there}")
    advice = "add a column view to tell its views apart" if several_views else "give each clip a name of its own"
    raise UserError(f"{file}: line {line}: sample {sample} {there}; {advice}")


def _draw(file: Path, views: pd.DataFrame, heads: Sequence[str], split: Split) -> dict[str, str]:
    """{sample: split}; does not depend on the order of lines."""
    samples = views.drop_duplicates("sample").sort_values("sample")
    labels = [repr(list(of)) for of in samples[list(heads)].itertuples(index=False)]
    groups = samples["group" if "group" in samples else "sample"]
    try:
        return dict(zip(samples["sample"], assign(labels, groups.to_list(), split)))
    except UserError as error:
        raise UserError(f"{file}: too few to draw splits: {error}; add a column split") from error


def _notes(written: pd.DataFrame, views: pd.DataFrame, heads: Sequence[str]) -> dict[str, list[str]]:
    """{split: lines about normalised cells}"""
    columns = [*names_in(written, heads), "path"]
    read = views[columns]
    if "split" in columns:
        read = read.assign(split=_map(column(written, "split"), clean_name))  # case does not count as a normalised cell
    texts, changed = written[columns].to_numpy(object), (written[columns] != read).to_numpy()
    return {
        name: spelling_notes(list(texts[changed & (views["split"] == name).to_numpy()[:, None]])) for name in SPLITS
    }


def _arranged(views: pd.DataFrame, heads: Sequence[str]) -> pd.DataFrame:
    """The views with the columns of an index, in order, and `split`."""
    first = {
        "sample": views["sample"],
        "view": views["view"] if "view" in views else "0",  # noqa: SIM401 - a DataFrame, not a dict
        "group": views["group"] if "group" in views else views["sample"],
        "path": [inside(path) for path in views["path"].to_numpy(object)],
        "content": "",
    }
    others = [name for name in views if name not in (*FIRST, *heads, "split")]
    columns = [*FIRST, *heads, *others, "split"]
    return views.assign(**first).loc[:, columns].astype("str")
