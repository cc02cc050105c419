"""Transitions: which section follows which, and which of them are found."""

from dataclasses import dataclass

import numpy as np

from tailwise.core.batch import Batch, Outputs
from tailwise.core.heads import Head
from tailwise.metrics.labels import Label
from tailwise.metrics.sequence.runs import changes, match_in_order, songs


def transitions(labels: np.ndarray, classes: int) -> np.ndarray:
    """(C, C) int64: how often a section of the row's class is followed by one of the column's. labels: (T,)"""
    places = changes(labels)
    table = np.zeros((classes, classes), np.int64)
    np.add.at(table, (labels[places - 1], labels[places]), 1)
    return table


def found_transitions(actual: np.ndarray, answered: np.ndarray, classes: int, tolerance: int) -> np.ndarray:
    """(C, C) int64: transitions for which the answer has one of the same pair of classes within the tolerance.

    Each transition of the answer counts for one at most. actual, answered: (T,)
    """
    table = np.zeros((classes, classes), np.int64)
    theirs, ours = changes(actual), changes(answered)
    pairs, own = (labels[at - 1] * classes + labels[at] for labels, at in ((actual, theirs), (answered, ours)))
    for pair in np.unique(pairs).tolist():
        near = np.abs(theirs[pairs == pair][:, None] - ours[own == pair]) <= tolerance
        table[divmod(pair, classes)] = len(match_in_order(near))
    return table


@dataclass(frozen=True)
class Transitions:
    """The share of transitions found at the right place, with the right classes before and after.

    tolerance: in positions; pairs: (before, after) class names with a figure of their own, as (verse, chorus)

    total: the tables (C, C) of actual, answered and found transitions, row by row. Raises ValueError for an unknown
    class.
    """

    head: Head
    tolerance: int = 1
    pairs: tuple[tuple[str, str], ...] = ()

    def __post_init__(self):
        for name in (name for pair in self.pairs for name in pair):
            if name not in self.head.classes:
                raise ValueError(
                    f"pairs: {name} is no class of {self.head.name}; it has {', '.join(self.head.classes)}"
                )

    @property
    def labels(self) -> dict[str, Label]:
        """All transitions, and those of each pair."""
        pairs = {
            f"{before} to {after}": Label("transitions found", f"{before} to {after}") for before, after in self.pairs
        }
        return {"accuracy": Label("transitions found", "all"), **pairs}

    def part(self, outputs: Outputs, batch: Batch) -> np.ndarray:
        size = len(self.head.classes)
        total = np.zeros((3, size, size))
        for actual, answered in songs(outputs, batch, self.head.name):
            found = found_transitions(actual, answered, size, self.tolerance)
            total += np.stack([transitions(actual, size), transitions(answered, size), found])
        return total.ravel()

    def tables(self, total: np.ndarray) -> np.ndarray:
        """(3, C, C) int64: actual, answered and found transitions."""
        size = len(self.head.classes)
        return np.asarray(total).astype(np.int64).reshape(3, size, size)

    def value(self, total: np.ndarray) -> dict[str, float | None]:
        """{"accuracy": of all actual transitions, "verse to chorus": of each of the pairs}; None where none is."""
        actual, _, found = self.tables(total)
        figures = {"accuracy": _share(found.sum(), actual.sum())}
        for before, after in self.pairs:
            place = self.head.id(before), self.head.id(after)
            figures[f"{before} to {after}"] = _share(found[place], actual[place])
        return figures


def _share(part: np.integer, whole: np.integer) -> float | None:
    return float(part / whole) if whole else None
