"""Predictions of a head on a split: targets, predicted classes and probabilities."""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from tailwise.core.errors import UserError
from tailwise.core.files import write_csv
from tailwise.core.heads import IGNORE, Head
from tailwise.metrics.confusion import confusion

FIRST, POSITION, LAST = ["sample", "group"], "position", ["actual", "predicted"]
"""Columns of a table before the classes; a sequence head has a position."""
HEADLINE = "headline.json"
"""Beside the tables: dotted names of the figures that the pipeline shows at a glance. Absent where there are none."""
LABELS = "labels.json"
"""Beside the tables: {dotted name of a figure: its name for people}, see `metrics.labels`."""
UNCERTAINTY = "uncertainty"
"""The column after the classes, where the model says how uncertain it is."""
TAU = "tau"
"""The last column of a table of adjusted probabilities."""


@dataclass(frozen=True)
class Predictions:
    """One row per label: per sample, or per position for a sequence head. N rows, C classes.

    samples, groups: N names, those of a sequence repeated for each of its positions
    targets: class ids (N,), IGNORE for a sample without a label, which is not counted; padding has no row
    predicted: class ids (N,)
    probabilities: (N, C), None if only the classes are known
    positions: (N,) from 0 in each sequence; None for a head with one label a sample
    tau: of the logit adjustment that the probabilities have; None: none
    uncertainty: (N,) what the model itself says of its uncertainty, on any scale; None: nothing

    Raises ValueError for columns of different lengths.
    """

    head: Head
    samples: Sequence[str]
    groups: Sequence[str]
    targets: np.ndarray
    predicted: np.ndarray
    probabilities: np.ndarray | None = None
    positions: np.ndarray | None = None
    tau: float | None = None
    uncertainty: np.ndarray | None = None

    def __post_init__(self):
        lengths = {name: len(column) for name, column in self.columns() if column is not None}
        if len(set(lengths.values())) > 1:
            raise ValueError(f"predictions of {self.head.name} differ in length: {lengths}")

    def __len__(self) -> int:
        return len(self.targets)

    @property
    def matrix(self) -> np.ndarray:
        """Confusion counts (C, C) of the labels."""
        return confusion(self.targets, self.predicted, len(self.head.classes))

    def take(self, rows: np.ndarray) -> "Predictions":
        """These rows, by index (n,) or mask (N,)."""
        indices = np.arange(len(self))[rows]
        taken = {name: _take(column, indices) for name, column in self.columns() if column is not None}
        return replace(self, **taken)

    @property
    def labelled(self) -> "Predictions":
        """The rows that have a label."""
        return self.take(self.targets >= 0)

    @property
    def known_probabilities(self) -> np.ndarray:
        """`probabilities`, (N, C), if present, as in all predictions of a model."""
        assert self.probabilities is not None
        return self.probabilities

    def columns(self) -> Iterator[tuple[str, Any]]:
        """All that has a row a label, by name; None for a column that is not there."""
        names = ("samples", "groups", "targets", "predicted", "probabilities", "positions", "uncertainty")
        yield from ((name, getattr(self, name)) for name in names)


def predictions(
    head: Head,
    probabilities: np.ndarray,
    targets: np.ndarray,
    samples: Sequence[str],
    groups: Sequence[str],
    predicted: np.ndarray | None = None,
) -> Predictions:
    """Of samples in a batch: probabilities (B, C) with targets (B,), or (B, T, C) with (B, T); B names each.

    predicted: class ids, of the targets' shape; None for the most probable ones
    A position whose target is IGNORE is padding, or has no label: it has no row.
    """
    answers: np.ndarray = probabilities.argmax(axis=-1) if predicted is None else predicted
    if targets.ndim == 1:
        return Predictions(head, list(samples), list(groups), targets, answers, probabilities)
    rows, positions = kept = np.nonzero(targets != IGNORE)
    names = [samples[row] for row in rows.tolist()], [groups[row] for row in rows.tolist()]
    return Predictions(head, *names, targets[kept], answers[kept], probabilities[kept], positions)


def concatenate(parts: Sequence[Predictions]) -> Predictions:
    """Concatenate predictions of one head; at least one."""
    columns = [dict(part.columns()) for part in parts]
    joined: dict[str, Any] = {name: _join([of_part[name] for of_part in columns]) for name in columns[0]}
    return Predictions(parts[0].head, **joined)


def write_predictions(path: Path, found: Predictions) -> None:
    """Write a CSV table with a row per label: sample, group, position, actual, predicted, class probabilities,
    UNCERTAINTY, TAU; without the columns that are not known."""
    known, classes = found.labelled, found.head.classes
    tau = [] if known.tau is None else [known.tau]
    rows = (
        [sample, group, *position, classes[int(target)], classes[int(label)], *likely, *uncertain, *tau]
        for sample, group, position, target, label, likely, uncertain in zip(
            *(known.samples, known.groups, _cells(known.positions, len(known)), known.targets, known.predicted),
            *(known.known_probabilities.tolist(), _cells(known.uncertainty, len(known))),
        )
    )
    first = [*FIRST, *([] if known.positions is None else [POSITION]), *LAST]
    write_csv(path, [*first, *classes, *_last_columns(known.uncertainty is not None, bool(tau))], rows)


def read_predictions(path: Path, head: Head) -> Predictions:
    """Read a table of `write_predictions`, also without probabilities; UserError for other columns or classes."""
    header, rows = _read(path)
    layout = _layout(path, header, head)
    classes = {name: i for i, name in enumerate(head.classes)}
    try:
        targets, predicted = (np.array([classes[row[i]] for row in rows], np.int64) for i in layout.labels)
        positions = np.array([row[2] for row in rows], np.int64) if POSITION in header[: layout.start] else None
        likely = np.array([row[layout.start :][: layout.classes] for row in rows], np.float64)
        uncertain = np.array([row[layout.end] for row in rows], np.float64) if UNCERTAINTY in layout.more else None
        tau = float(rows[0][-1]) if TAU in layout.more and rows else None
    except (KeyError, ValueError, IndexError) as error:
        raise UserError(
            f"{path}: invalid predictions of {head.name}: {error}; run the stage that writes it again"
        ) from error
    names = [row[0] for row in rows], [row[1] for row in rows]
    probabilities = likely.reshape(len(rows), layout.classes) if layout.classes else None
    return Predictions(head, *names, targets, predicted, probabilities, positions, tau, uncertain)


@dataclass(frozen=True)
class _Layout:
    """Where a table's columns are. start: of the probabilities; classes: how many these are, 0 for none

    more: names of the columns after them
    """

    start: int
    classes: int
    more: tuple[str, ...]

    @property
    def labels(self) -> tuple[int, int]:
        """The columns of the actual and the predicted class."""
        return self.start - 2, self.start - 1

    @property
    def end(self) -> int:
        return self.start + self.classes


def _layout(path: Path, header: list[str], head: Head) -> _Layout:
    """UserError for columns that are not those of this head."""
    first = [*FIRST, POSITION] if header[2:3] == [POSITION] else FIRST
    start, classes = len(first) + len(LAST), len(head.classes)
    likely, more = header[start : start + classes], tuple(header[start + classes :])
    known = likely == list(head.classes) and more in ((), (UNCERTAINTY,), (TAU,), (UNCERTAINTY, TAU))
    if header[:start] != [*first, *LAST] or not (known or len(header) == start):
        raise UserError(f"{path}: its columns are not those of {head.name}; run the stage that writes it again")
    return _Layout(start, classes if likely else 0, more)


def _last_columns(uncertain: bool, adjusted: bool) -> list[str]:
    return [*([UNCERTAINTY] if uncertain else []), *([TAU] if adjusted else [])]


def _cells(column: np.ndarray | None, rows: int) -> list[list[float]]:
    """The cells that each row has of a column: none where it is not known."""
    return [[] for _ in range(rows)] if column is None else [[value] for value in column.tolist()]


def _read(path: Path) -> tuple[list[str], list[list[str]]]:
    """Header and rows in order: a class may be called like a column."""
    try:
        with open(path, encoding="utf8", newline="") as file:
            header, *rows = csv.reader(file)
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}") from error
    except ValueError as error:
        raise UserError(f"{path}: has no header; run the stage that writes it again") from error
    return header, rows


def _take(column: np.ndarray | Sequence[str], indices: np.ndarray) -> list[str] | np.ndarray:
    return column[indices] if isinstance(column, np.ndarray) else [column[int(i)] for i in indices.tolist()]


def _join(columns: list[Any]) -> list[str] | np.ndarray | None:
    if columns[0] is None:
        return None
    if isinstance(columns[0], np.ndarray):
        return np.concatenate(columns)
    return [name for column in columns for name in column]
