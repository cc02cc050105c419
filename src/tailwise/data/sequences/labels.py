"""Labels of the positions of sequences: as a cell of a table, as class ids, and what follows from them.

Does not import torch.
"""

import sys
from collections.abc import Sequence

import numpy as np

from tailwise.balance.labels import SEPARATOR
from tailwise.core.heads import IGNORE, Head


def join_labels(labels: Sequence[str]) -> str:
    """The labels of one or more positions as a cell, "" for a position without a label.

    >>> join_labels(["verse", "", "chorus"])
    'verse||chorus'
    """
    return SEPARATOR.join(labels)


def split_labels(cell: str) -> list[str]:
    """The labels that `join_labels` joined; equal ones are one object, so that many positions take little memory.

    >>> split_labels("verse||chorus")
    ['verse', '', 'chorus']
    """
    return [*map(sys.intern, cell.split(SEPARATOR))]


def class_ids(cell: str, head: Head) -> np.ndarray:
    """(T,) int16, IGNORE without a label; ValueError for an unknown class."""
    labels = split_labels(cell)
    if unknown := set(labels) - {"", *head.classes}:
        raise ValueError(f"no class {min(unknown)!r} in the head {head.name}: there are {', '.join(head.classes)}")
    ids = {label: head.id(label) for label in set(labels)}
    return np.array([ids[label] for label in labels], np.int16)


def pad(rows: Sequence[np.ndarray], filler: float = IGNORE) -> np.ndarray:
    """Arrays (T_i, ...) of one dtype as (N, max T, ...), padded with the filler."""
    longest = max((len(row) for row in rows), default=0)
    shape, dtype = (rows[0].shape[1:], rows[0].dtype) if rows else ((), np.dtype(np.int64))
    padded = np.full((len(rows), longest, *shape), filler, dtype)
    for place, row in zip(padded, rows):
        place[: len(row)] = row
    return padded


def run_starts(ids: np.ndarray) -> np.ndarray:
    """First positions of the runs of equal ids; ids: (T,), T >= 1."""
    return np.flatnonzero(np.concatenate([[True], ids[1:] != ids[:-1]]))


def next_section(ids: np.ndarray) -> np.ndarray:
    """Class id of the run that follows the position's own, (T,) int64.

    ids: (T,) class ids. IGNORE in the last run, in a run without a label, and where the following run has none.
    """
    return _of_runs(ids, lambda starts: np.repeat(ids[starts[1:]], np.diff(starts)))


def until_next(ids: np.ndarray) -> np.ndarray:
    """Number of positions until the following run starts, at least 1, (T,) int64; IGNORE as in `next_section`."""
    return _of_runs(ids, lambda starts: np.repeat(starts[1:], np.diff(starts)) - np.arange(starts[-1]))


def _of_runs(ids: np.ndarray, values) -> np.ndarray:
    """values(starts of runs): what the positions of all runs but the last get"""
    found = np.full(len(ids), IGNORE, np.int64)
    if len(ids):
        starts = run_starts(ids)
        known = ids[: starts[-1]] != IGNORE
        known &= np.repeat(ids[starts[1:]], np.diff(starts)) != IGNORE
        found[: starts[-1]][known] = values(starts)[known]
    return found
