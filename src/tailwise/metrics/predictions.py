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
        names = ("samples", "groups", "targets", "predicted", "probabilities", "positions")
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
    """Write a CSV table with a row per label: sample, group, position, actual, predicted, class probabilities, TAU."""
    known, classes = found.labelled, found.head.classes
    positions: list[list[int]] = [[] for _ in range(len(known))]
    if known.positions is not None:
        positions = [[position] for position in known.positions.tolist()]
    tau = [] if known.tau is None else [known.tau]
    rows = (
        [sample, group, *position, classes[int(target)], classes[int(label)], *likely, *tau]
        for sample, group, position, target, label, likely in zip(
            known.samples, known.groups, positions, known.targets, known.predicted, known.known_probabilities.tolist()
        )
    )
    write_csv(
        path, [*FIRST, *([] if known.positions is None else [POSITION]), *LAST, *classes, *(TAU for _ in tau)], rows
    )


def read_predictions(path: Path, head: Head) -> Predictions:
    """Read a table of `write_predictions`, also without probabilities; UserError for other columns or classes."""
    header, rows = _read(path)
    first = [*FIRST, POSITION] if header[2:3] == [POSITION] else FIRST
    start = len(first)
    adjusted = header[start + 2 :] == [*head.classes, TAU]
    known = adjusted or header[start + 2 :] == list(head.classes)
    if header[: start + 2] != [*first, *LAST] or not (known or len(header) == start + 2):
        raise UserError(f"{path}: its columns are not those of {head.name}; run the stage that writes it again")
    classes = {name: i for i, name in enumerate(head.classes)}
    try:
        targets, predicted = (np.array([classes[row[i]] for row in rows], np.int64) for i in (start, start + 1))
        positions = np.array([row[2] for row in rows], np.int64) if POSITION in first else None
        likely = np.array([row[start + 2 :][: len(classes)] for row in rows], np.float64) if known else None
        tau = float(rows[0][-1]) if adjusted and rows else None
    except (KeyError, ValueError, IndexError) as error:
        raise UserError(
            f"{path}: invalid predictions of {head.name}: {error}; run the stage that writes it again"
        ) from error
    names = [row[0] for row in rows], [row[1] for row in rows]
    if likely is not None:
        likely = likely.reshape(len(rows), len(classes))
    return Predictions(head, *names, targets, predicted, likely, positions, tau)


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
