"""Checks of the raw data, shared by all readers."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal, Protocol

import pandas as pd

from tailwise.core.errors import UserError, shorten
from tailwise.data.tables.checks.contents import fill_content
from tailwise.data.tables.checks.leaks import Leak, find_leaks
from tailwise.data.tables.checks.root import check_root, check_tree
from tailwise.data.tables.checks.warnings import find_warnings
from tailwise.data.tables.rows import Index
from tailwise.data.tables.spelling import confusable, distinguish, quote

NAMED = 5
"""Leaks listed in an error message."""
LONGEST = 600
"""Characters of that list."""


class Reader(Protocol):
    """Reads the annotations of a data root. missing_class: advice for a class without a training sample"""

    missing_class: ClassVar[str]

    def read(self, root: Path) -> Index: ...


class Source(Protocol):
    """A pipeline's `data` section."""

    @property
    def root(self) -> str:
        """Folder of raw files and annotations."""
        ...

    @property
    def leaks(self) -> Literal["refuse", "warn"]:
        """Whether a leak is an error or a warning."""
        ...

    @property
    def reader(self) -> Reader: ...


@dataclass(frozen=True)
class Checked:
    """An index that passed the checks. leaks, warnings: to print; not errors"""

    index: Index
    leaks: list[Leak]
    warnings: list[Leak]


def read_source(source: Source) -> Checked:
    """Read and check the labelled data; UserError for any fault in it."""
    root = Path(source.root)
    check_root(root)
    check_tree(root)
    index = source.reader.read(root)
    check_names(index, root)
    check_classes(index, root, source.reader.missing_class)
    index, stubs = fill_content(index, root)
    leaks = find_leaks(index, stubs)
    if leaks and source.leaks == "refuse":
        raise UserError(refusal(root, leaks))
    return Checked(index, leaks, find_warnings(index, stubs))


def check_names(index: Index, root: Path) -> None:
    """Raise UserError for class names of a head that look alike."""
    for head, classes in index.heads.items():
        for names in confusable(classes):
            samples = _first_samples(index, head, names)
            where = " and ".join(f"{seen} (sample {quote(of)})" for seen, of in zip(distinguish(names), samples))
            raise UserError(
                f"{root}: head {head}: the classes {where} look alike: use one spelling, or clearly different names"
            )


def _first_samples(index: Index, head: str, classes: list[str]) -> list[str]:
    """The first sample that has each of these classes of a head."""
    cells = pd.concat(index.rows.values()).drop_duplicates(head)
    found = list(zip(cells["sample"], cells[head].map(index.classes_in)))
    return [next(sample for sample, labels in found if name in labels) for name in classes]


def check_classes(index: Index, root: Path, advice: str) -> None:
    """Raise UserError for an empty split, and for a class that cannot be learned.

    advice: what to do about a class without a training sample, or position
    """
    for split, rows in index.rows.items():
        if rows.empty:
            raise UserError(f"{root}: no sample in the split {split}; each split needs one")
    for head, classes in index.heads.items():
        if len(classes) < 2:
            raise UserError(f"{root}: head {head} has the classes {quote(list(classes))}; it needs two or more")
        where = {split: _classes(rows[head].unique(), index) for split, rows in index.rows.items()}
        for split, labels in where.items():
            if not labels:
                raise UserError(
                    f"{root}: head {head}: no sample of the split {split} has a label; label one, or drop the head"
                )
        for name in classes:
            if name not in where["train"]:
                others = " and ".join(split for split in where if name in where[split]) or "no split"
                unit = "position" if index.positions else "sample"
                absent = f"{quote(name)} has no training {unit}, it is in {others}"
                raise UserError(f"{root}: head {head}: {absent}; {advice}")


def _classes(cells: Iterable[str], index: Index) -> set[str]:
    return {name for cell in cells for name in index.classes_in(cell)}


def refusal(root: Path, leaks: list[Leak]) -> str:
    """The error message for leaks: one line."""
    named = shorten("; ".join(leak.text for leak in leaks[:NAMED]), LONGEST)
    more = f"; and {len(leaks) - NAMED} more" if len(leaks) > NAMED else ""
    how = ", ".join(dict.fromkeys(leak.advice for leak in leaks))
    advice = f"{how}, or set data.leaks: warn in params.yaml to turn this into a warning"
    return f"{root}: {named}{more}: {advice}"
