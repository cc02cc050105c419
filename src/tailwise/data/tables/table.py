"""A CSV file of somebody's own clips to a table of labelled views.

Columns: sample, path (from the data root) and one per head; perhaps split, view and group; any others are kept.
"""

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar, Literal
from unicodedata import normalize

from tailwise.core.errors import UserError
from tailwise.data.raw import RawFile
from tailwise.data.tables.columns import check_columns
from tailwise.data.tables.lines import Line, read_lines
from tailwise.data.tables.partition import Split, assign
from tailwise.data.tables.rows import FIRST, SPLITS, Index, Row, inside
from tailwise.data.tables.spelling import LONGEST_NAME, quoted, seen_apart, spelling_notes, tidy

NO_HEAD = ("split", "shard", "row", "epoch", "lr", "score", "train", "balanced_accuracy", *FIRST)
"""Names of columns and figures that later files have beside those of the heads."""

NO_CLASS = ("sample", "group", "actual", "predicted")
"""Names of columns that later files have beside those of the classes."""


@dataclass(frozen=True)
class Table:
    """A row a view.

    file: CSV, from the data root
    heads: the columns to predict
    split: for a table without a column `split`; otherwise null
    """

    kind: Literal["table"]
    file: str
    heads: tuple[str, ...]
    split: Split | None
    missing_class: ClassVar[str] = "move one to train (drawn splits: by another seed), or leave the class out"
    """What to do about a class without a training sample."""

    def __post_init__(self):
        if not self.heads or len(set(self.heads)) < len(self.heads):
            raise ValueError(f"heads must be one or more different columns, found {list(self.heads)}")
        for head in self.heads:
            if head != tidy(head):
                raise ValueError(f"{' is read as '.join(seen_apart([head, tidy(head)]))}: write it so")
            if head in NO_HEAD or not re.fullmatch(r"\w[\w -]*", head):
                others = ", ".join(NO_HEAD)
                raise ValueError(f"{head!r} cannot be a head: take letters, digits, _ and -, and none of {others}")
        inside(self.file)

    def read(self, root: Path) -> Index:
        """Raises UserError for a table that cannot be read, contradicts itself or contradicts these params."""
        file = root / self.file
        columns, lines = read_lines(file, "data.reader.file")
        check_columns(file, columns, self.heads, self.split is not None)
        lines = [self._checked(line, root) for line in lines]
        samples = _samples(lines, [name for name in ("split", "group", *self.heads) if name in columns])
        splits = self._splits(file, samples)
        rows: dict[str, list[Row]] = {split: [] for split in SPLITS}
        respelt: dict[str, list[str]] = {split: [] for split in SPLITS}
        for sample, views in samples.items():
            rows[splits[sample]] += [self._row(line) for line in views]
            respelt[splits[sample]] += [text for line in views for text in line.respelt]
        classes = {head: tuple(sorted({line.cells[head] for line in lines} - {""})) for head in self.heads}
        notes = {split: spelling_notes(of_split) for split, of_split in respelt.items()}
        return Index(classes, rows, {split: {} for split in SPLITS}, notes)

    def _checked(self, line: Line, root: Path) -> Line:
        """The line tidy, its split in lower case; raises UserError for a cell that cannot be right."""
        line = line.tidy([name for name in ("sample", "view", "group", "split", *self.heads) if name in line.cells])
        for name in ("sample", "view", "group", "path"):
            if tidy(line.cells.get(name, name)[:LONGEST_NAME]) == "":
                raise UserError(f"{line.where}: {name} is empty")
        try:
            line = line.spelt({"path": _as_on_disk(root, line)})
        except ValueError as error:
            raise UserError(f"{line.where}: path {error}") from error
        for head in self.heads:
            _check_label(line, head)
        if "split" not in line.cells:
            return line
        if (split := line.cells["split"].lower()) not in SPLITS:
            raise UserError(f"{line.where}: split must be {', '.join(SPLITS)}, found {quoted(line.cells['split'])}")
        return replace(line, cells={**line.cells, "split": split})

    def _splits(self, file: Path, samples: dict[str, list[Line]]) -> dict[str, str]:
        """{sample: its split}; drawn samples are taken by name, so that the order of the lines decides nothing."""
        if not self.split:
            return {sample: views[0].cells["split"] for sample, views in samples.items()}
        names = sorted(samples)
        cells = [samples[name][0].cells for name in names]
        labels = [repr([of[head] for head in self.heads]) for of in cells]
        try:
            drawn = assign(labels, [of.get("group", name) for name, of in zip(names, cells)], self.split)
        except UserError as error:
            raise UserError(f"{file}: too few to draw splits: {error}; add a column split") from error
        return dict(zip(names, drawn))

    def _row(self, line: Line) -> Row:
        cells = line.cells
        first = {
            "sample": cells["sample"],
            "view": cells.get("view", "0"),
            "group": cells.get("group", cells["sample"]),
        }
        labels = {head: cells[head] for head in self.heads}
        others = {name: text for name, text in cells.items() if name not in (*FIRST, *self.heads, "split")}
        return {**first, "path": inside(cells["path"]), "content": "", **labels, **others}


def _as_on_disk(root: Path, line: Line) -> str:
    """The path as it is written, where a file has that name; else tidy, in either of Unicode's forms.

    Raises ValueError for one that leaves the data root.
    """
    written, plain = line.cells["path"], line.tidy(["path"]).cells["path"]
    ways = {way: inside(way) for way in (plain, written, normalize("NFD", plain))}
    if len(ways) == 1 or RawFile(root, ways[written]).exists():
        return written
    return next((way for way, path in ways.items() if RawFile(root, path).exists()), plain)


def _check_label(line: Line, head: str) -> None:
    label = line.cells[head]
    if label in NO_CLASS:
        raise UserError(f"{line.where}: {head} {quoted(label)} would be mistaken for a column of tailwise's: rename it")


def _samples(lines: list[Line], same: list[str]) -> dict[str, list[Line]]:
    """{sample: its lines}; raises UserError if they are alike in view, or differ in a column of `same`."""
    samples: dict[str, list[Line]] = {}
    seen: dict[tuple[str, str], Line] = {}
    for line in lines:
        sample, view = line.cells["sample"], line.cells.get("view", "0")
        first = samples.setdefault(sample, [line])[0]
        if (sample, view) in seen:
            _refuse_twice(line, seen[sample, view])
        for name in same:
            if line.cells[name] != first.cells[name]:
                found = f"{quoted(line.cells[name])} here and {quoted(first.cells[name])} in line {first.number}"
                raise UserError(f"{line.where}: sample {quoted(sample)} has {name} {found}; its views must agree")
        seen[sample, view] = line
        if line is not first:
            samples[sample].append(line)
    return samples


def _refuse_twice(line: Line, before: Line) -> None:
    sample, there = quoted(line.cells["sample"]), f"is in line {before.number} too"
    if "view" in line.cells:
        raise UserError(f"{line.where}: view {quoted(line.cells['view'])} of sample {sample} {there}")
    raise UserError(f"{line.where}: sample {sample} {there}; add a column view to tell its views apart")
