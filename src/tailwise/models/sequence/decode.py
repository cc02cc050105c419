"""Decoding with durations: the most probable sections of a sequence, given how long sections of a class last.

A segmentation cuts T positions into sections of different classes beside each other. It scores the sum over positions
of their log-probability, plus over sections of the log-probability of their length, plus over neighbours of that of
their transition. The best one is found exactly (semi-Markov Viterbi).
Source: Sarawagi and Cohen 2004, "Semi-Markov conditional random fields for information extraction", section 2.2
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

LEAST_SPREAD = 0.1
"""Of the log of lengths, where all sections of a class are of one length."""


@dataclass(frozen=True, eq=False)
class Structure:
    """How sections follow each other and how long they last.

    transitions: (C, C) log-probability of the column's class after the row's; -inf on the diagonal
    center, spread: (C,) mean and standard deviation of the log of a section's length in positions
    """

    transitions: np.ndarray
    center: np.ndarray
    spread: np.ndarray

    def durations(self, longest: int) -> np.ndarray:
        """(C, longest): log-probability of each length from 1, log-normal, over the lengths that fit."""
        lengths = np.log(np.arange(1, longest + 1))
        scores = -lengths - ((lengths - self.center[:, None]) / self.spread[:, None]) ** 2 / 2
        return scores - np.logaddexp.reduce(scores, axis=1, keepdims=True)


def fit_structure(songs: Sequence[np.ndarray], classes: int, smoothing: float = 1.0) -> Structure:
    """The structure of labelled sequences, each (T,) class ids, negative where there is none.

    smoothing: transitions added to each pair's count, positive
    A class with fewer than two sections has the lengths of all.
    Raises ValueError without a labelled position.
    """
    counts = np.full((classes, classes), smoothing, np.float64)
    lengths: list[list[float]] = [[] for _ in range(classes)]
    for runs in map(_runs, songs):
        for label, length in runs:
            if label >= 0:
                lengths[label].append(float(np.log(length)))
        for (before, _), (after, _) in zip(runs, runs[1:]):
            if before >= 0 and after >= 0:
                counts[before, after] += 1
    every = [length for of_class in lengths for length in of_class]
    if not every:
        raise ValueError("no position of the sequences has a label")
    known = [of_class if len(of_class) > 1 else every for of_class in lengths]
    spread = np.array([max(np.std(of_class), LEAST_SPREAD) for of_class in known])
    return Structure(_log_shares(counts), np.array([np.mean(of_class) for of_class in known]), spread)


def _runs(labels: np.ndarray) -> list[tuple[int, int]]:
    """(label, length) of each run of equal labels."""
    edges = [0, *(np.flatnonzero(labels[1:] != labels[:-1]) + 1).tolist(), len(labels)]
    return [(int(labels[start]), end - start) for start, end in zip(edges, edges[1:]) if end > start]


def _log_shares(counts: np.ndarray) -> np.ndarray:
    """The log of each row's shares, without the diagonal."""
    others = np.where(np.eye(len(counts), dtype=bool), 0.0, counts)
    with np.errstate(divide="ignore"):
        return np.log(others) - np.log(np.maximum(others.sum(axis=1, keepdims=True), np.finfo(np.float64).tiny))


def decode(scores: np.ndarray, transitions: np.ndarray, durations: np.ndarray) -> np.ndarray:
    """The best labels (T,).

    scores: (T, C) log-probabilities; transitions: (C, C); durations: (C, L), of lengths 1 to L
    Raises ValueError if every segmentation is forbidden, as where L is too small.
    """
    size, classes = scores.shape
    sums = np.concatenate([np.zeros((1, classes)), np.cumsum(scores, axis=0)])
    # entered[t, c]: the best score of the positions before t if a section of class c starts at t
    entered = np.zeros((size + 1, classes))
    before = np.full((size + 1, classes), -1)
    chosen = np.zeros((size + 1, classes), np.int64)
    ended = np.full((size + 1, classes), -np.inf)
    for end in range(1, size + 1):
        starts = np.arange(max(0, end - durations.shape[1]), end)
        reached = entered[starts] + sums[end] - sums[starts] + durations[:, end - starts - 1].T
        best = reached.argmax(axis=0)
        ended[end], chosen[end] = reached[best, np.arange(classes)], starts[best]
        moved = ended[end][:, None] + transitions
        before[end], entered[end] = moved.argmax(axis=0), moved.max(axis=0)
    if not np.isfinite(ended[size].max()):
        raise ValueError("durations and transitions forbid every segmentation of the sequence")
    return _traced(ended[size], before, chosen)


def _traced(last: np.ndarray, before: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """Labels from the end back to the start."""
    end, label = len(before) - 1, int(last.argmax())
    labels = np.zeros(end, np.int64)
    while end:
        start = int(chosen[end, label])
        labels[start:end] = label
        end, label = start, int(before[start, label])
    return labels
