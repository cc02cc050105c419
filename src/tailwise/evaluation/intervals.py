"""How far a figure could be off: bootstrap over groups. Pure functions.

Samples of one group (a match, a source video) resemble each other, so groups are drawn, not samples.
Source: percentile bootstrap of clusters, https://doi.org/10.1201/9780429246593, chapter 8
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tailwise.metrics import confusion as metrics

DRAWS, LEVEL, SEED = 2000, 0.95, 7


@dataclass(frozen=True)
class Interval:
    """A figure, and the least and most that 95 of 100 redrawn splits give; None where none can be told."""

    value: float | None
    low: float | None
    high: float | None


def by_group(targets: np.ndarray, predictions: np.ndarray, groups: Sequence[str], classes: int) -> np.ndarray:
    """Confusion counts of each group (G, C, C), groups in order of their names.

    targets, predictions: class ids (N,), a target outside 0..classes-1 counts nowhere; groups: N names
    """
    names, place = np.unique(np.array(groups), return_inverse=True)
    matrices = np.zeros((len(names), classes, classes), np.int64)
    kept = (targets >= 0) & (targets < classes)
    np.add.at(matrices, (place[kept], targets[kept], predictions[kept]), 1)
    return matrices


def redraw(matrices: np.ndarray, draws: int = DRAWS, seed: int = SEED) -> np.ndarray:
    """Confusion counts of `draws` splits (draws, C, C), each of as many groups, drawn with replacement."""
    count = len(matrices)
    times = np.random.default_rng(seed).multinomial(count, np.full(count, 1 / count), size=draws)
    return np.tensordot(times, matrices, axes=1)


def intervals(
    matrices: np.ndarray, means_over: Sequence[int] | None = None, draws: int = DRAWS, seed: int = SEED
) -> dict:
    """{"macro_recall", "macro_f1", "accuracy": Interval, "recall", "precision", "f1": [Interval of each class]}.

    matrices: of the groups (G, C, C); means_over: class ids that the macro figures are over, all if None
    A redrawn split without a sample of a class tells nothing of its recall, and
    leaves it out of the mean, as an absent class always is.
    """
    whole, redrawn = matrices.sum(axis=0), redraw(matrices, draws, seed)
    classes = range(whole.shape[0])
    over = list(classes if means_over is None else means_over)
    figures = [_figures(matrix, over) for matrix in redrawn]
    truth = _figures(whole, over)
    told = {name: _interval(truth[name], [one[name] for one in figures]) for name in SINGLE}
    for name in PER_CLASS:
        told[name] = [_interval(truth[name][c], [one[name][c] for one in figures]) for c in classes]
    return told


SINGLE = ("macro_recall", "macro_f1", "accuracy")
PER_CLASS = ("recall", "precision", "f1")


def _figures(matrix: np.ndarray, over: list[int]) -> dict:
    recall = metrics.recall(matrix)
    f1 = np.where(matrix.sum(axis=1) > 0, metrics.f1(matrix), np.nan)
    return {
        "macro_recall": metrics.macro(recall[over]),
        "macro_f1": metrics.macro(f1[over]),
        "accuracy": metrics.accuracy(matrix),
        "recall": recall,
        "precision": metrics.precision(matrix),
        "f1": f1,
    }


def _interval(value: float, redrawn: Sequence[float]) -> Interval:
    known = np.array([x for x in redrawn if not np.isnan(x)])
    if np.isnan(value) or not len(known):
        return Interval(None, None, None)
    low, high = np.quantile(known, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(float(value), float(low), float(high))
