"""Joins samples that a model labelled to the training split, checked: they never meet what is validated or tested."""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from tailwise.core.errors import UserError, shorten
from tailwise.core.files import read_json, regular
from tailwise.core.tables import column, text_table
from tailwise.data.tables.checks.contents import contents_of
from tailwise.data.tables.checks.source import Checked
from tailwise.data.tables.lines import read_records
from tailwise.data.tables.pseudo import (
    CONTENT,
    FACTS,
    HELD_OUT,
    PSEUDO,
    TABLE,
    PseudoLabels,
    count_pseudo,
    held_out_key,
)
from tailwise.data.tables.rows import Index, inside
from tailwise.data.tables.spelling import quote

if TYPE_CHECKING:
    import pandas as pd

PARAM = "data.pseudo"
APART = ("sample", "group", "path", "content")
"""What a sample that a model labelled may share with no sample that is validated on or tested."""
NEW = ("sample", "path", "content")
"""The same, with no other training sample."""


def with_pseudo(data: Checked, how: PseudoLabels | None, root: Path) -> Checked:
    """The data with these samples in `train`; all rows then have the column PSEUDO. None: the data as they are.

    Raises UserError for a changed table or clip, for a model that was trained with what is now held out, and for a
    sample, group or content that is already there.
    """
    check_by_people(data.index)
    if how is None:
        return data
    rows = read_pseudo(how, data.index, root)
    check_apart(rows, data.index, how.file)
    return replace(data, index=_joined(data.index, rows))


def check_by_people(index: Index) -> None:
    """Raise UserError for a sample with labels of a model that is validated on or tested."""
    for split in ("valid", "test"):
        rows = index.rows[split]
        made = rows.loc[column(rows, PSEUDO) != "", "sample"] if PSEUDO in rows else []
        for sample in list(made)[:1]:
            raise UserError(f"{split}: the labels of {quote(sample)} were made by a model: it may only be trained with")


def read_pseudo(how: PseudoLabels, index: Index, root: Path) -> "pd.DataFrame":
    """The rows of the table, with the columns of an index, PSEUDO among them."""
    file = Path(how.file)
    _check_hash(file, how.sha256)
    _check_facts(file.with_suffix(FACTS), how.sha256, index)
    found = read_records(file, f"{PARAM}.file")
    if absent := [
        name for name in ("sample", "path", "group", CONTENT, PSEUDO, *index.heads) if name not in found.columns
    ]:
        raise UserError(f"{file}: has no column {absent[0]}: make it again with tailwise pseudo-label")
    rows = text_table(found.columns, found.cells, found.numbers).rename(columns={CONTENT: "content"})
    _check_paths(file, rows)
    _check_labels(file, rows, index)
    _check_contents(file, rows, root)
    return rows


def _check_hash(file: Path, expected: str) -> None:
    try:
        found = hashlib.sha256(regular(file).read_bytes()).hexdigest()
    except OSError as error:
        advice = f"`git add` it, or set {PARAM} in params.yaml to null"
        raise UserError(f"{file}: {error.strerror}, named by {PARAM}: {advice}") from error
    if found != expected:
        raise UserError(
            f"{file}: its SHA-256 is {found}, not that of {PARAM}.sha256: write this one there to train with it"
        )


def _check_facts(file: Path, table: str, index: Index) -> None:
    """Raise UserError unless the facts are of this table, and the model was trained on nothing that is now held out."""
    facts = read_json(file)
    if not isinstance(facts, Mapping) or facts.get(TABLE) != table:
        raise UserError(f"{file}: is of another table than {PARAM}.sha256: make both again with tailwise pseudo-label")
    if facts.get(HELD_OUT) != held_out_key(index.rows["valid"]["sample"], index.rows["test"]["sample"]):
        raise UserError(
            f"{file}: its model had other validation and test samples, and may have been trained with those of now: "
            "make the labels again with a model of these splits (see data, resampling)"
        )


def _check_paths(file: Path, rows: "pd.DataFrame") -> None:
    for line, path in zip(rows.index, rows["path"]):
        try:
            inside(path)
        except ValueError as error:
            raise UserError(f"{file}: line {line}: {error}") from error


def _check_labels(file: Path, rows: "pd.DataFrame", index: Index) -> None:
    """Raise UserError for a label that is no class, a row without a label or model, and views that disagree."""
    for head, classes in index.heads.items():
        for line, label in rows.loc[~column(rows, head).isin(["", *classes]), head].head(1).items():
            raise UserError(f"{file}: line {line}: {head} has no class {quote(label)}; known: {', '.join(classes)}")
    without = (rows[list(index.heads)] == "").all(axis=1) | (column(rows, PSEUDO) == "")
    for line in rows.index[without][:1]:
        raise UserError(
            f"{file}: line {line}: needs a label of one head at least, and the model in the column {PSEUDO}"
        )
    for name in ("group", PSEUDO, *index.heads):
        first = rows.groupby("sample", sort=False)[name].transform("first")
        for line in rows.index[column(rows, name) != first][:1]:
            raise UserError(f"{file}: line {line}: the views of {quote(rows.at[line, 'sample'])} differ in {name}")


def _check_contents(file: Path, rows: "pd.DataFrame", root: Path) -> None:
    """Raise UserError for a file that is not there, or another than the one that was labelled."""
    found = contents_of(root, rows["path"])
    for line, path, content in zip(rows.index, rows["path"], rows["content"]):
        if not (now := found[path][0]):
            raise UserError(f"{file}: line {line}: {root / path} is not there")
        if now != content:
            raise UserError(f"{file}: line {line}: {root / path} has changed since it was labelled: label it again")


def check_apart(rows: "pd.DataFrame", index: Index, where: str) -> None:
    """Raise UserError for a row that shares a sample, group or file with what is held out, or a file with `train`.

    rows: with columns of APART, those that the index has, too; where: for messages
    """
    for split, names in {"valid": APART, "test": APART, "train": NEW}.items():
        for name in (name for name in names if name in rows and name in index.rows[split]):
            there = set(index.rows[split][name]) - {""}
            shared = rows.loc[column(rows, name).isin(list(there))]
            for row in shared.head(1).to_dict("records"):
                what = f"the file of {row['path']}" if name == "content" else f"the {name} {quote(row[name])}"
                rows_in_all = f"{len(shared)} of {len(rows)} rows"
                raise UserError(f"{where}: {shorten(what, 200)} is in {split}, too, {rows_in_all}: leave those out")


def _joined(index: Index, rows: "pd.DataFrame") -> Index:
    import pandas as pd

    splits = {name: of if PSEUDO in of else of.assign(**{PSEUDO: ""}).astype("str") for name, of in index.rows.items()}
    train = splits["train"]
    missing = {name: "" for name in train.columns if name not in rows}
    added = rows.assign(**missing).loc[:, list(train.columns)].astype("str")
    made = count_pseudo(added.to_dict("records"), index.heads)
    counts = ", ".join(f"{head} {sum(of.values())}" for head, of in made["labels"].items())
    samples = column(added, "sample").nunique()
    note = f"{samples} of them with labels by a model, {', '.join(made['models'])} ({PARAM}): {counts}"
    return replace(
        index,
        rows={**splits, "train": pd.concat([train, added], ignore_index=True)},
        notes={**index.notes, "train": [note, *index.notes["train"]]},
    )
