"""Macro recall and log loss of a model on all heads of a pool. Pure functions.

`sklearn.metrics` checks and encodes its inputs in every call; selection and bootstrap need thousands of calls.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from tailwise.ensemble.pool import Answers, HeadPool, Pool
from tailwise.evaluation.intervals import DRAWS, LEVEL, SEED, Interval, group_weights
from tailwise.metrics.confusion import macro

By = Literal["macro_recall", "log_loss"]
BY: tuple[By, ...] = get_args(By)
"""The figures, in the order of the last axis of `figures`."""
SIGN = np.array([1.0, -1.0])
"""Of BY: -1 where lower is better."""
FLOOR = 5e-7
"""A probability of 0 in a table is below this, since tables have 6 places."""


@dataclass(frozen=True)
class Outcome:
    """What counts of a model's answers to a head. hits: whether each is right (N,); losses: -log p of the label (N,)"""

    hits: np.ndarray
    losses: np.ndarray


def outcomes(pool: Pool, answers: Answers) -> list[Outcome]:
    return [_outcome(of_head, likely) for of_head, likely in zip(pool.heads, answers)]


def figures(pool: Pool, found: Sequence[Outcome], weights: Sequence[np.ndarray] | None = None) -> np.ndarray:
    """(1 + H, 2): the mean over the H heads, then each head; of BY. NaN without a label.

    weights: of each head what its labels count (N,); None: 1
    """
    each = weights or [np.ones(len(of_head.targets)) for of_head in pool.heads]
    rows = np.array([_figures(of_head, one, count) for of_head, one, count in zip(pool.heads, found, each)])
    return np.vstack([[macro(column) for column in rows.T], rows])


def score(pool: Pool, answers: Answers, by: By) -> tuple[float, float]:
    """The mean over heads of `by`, higher is better, and to break ties that of log loss; -inf without a label."""
    signed = SIGN * figures(pool, outcomes(pool, answers))[0]
    chosen, loss = np.nan_to_num(signed[[BY.index(by), BY.index("log_loss")]], nan=-np.inf).round(9)
    return float(chosen), float(loss)


@dataclass(frozen=True)
class Resampled:
    """Models on the same draws of groups. values: (models, 1 + H, 2); draws: (DRAWS, models, 1 + H, 2)"""

    values: np.ndarray
    draws: np.ndarray

    def interval(self, model: int, figure: tuple[int, int]) -> Interval:
        return _interval(self.values[model][figure], self.draws[:, model, *figure])

    def difference(self, model: int, other: int, figure: tuple[int, int]) -> Interval:
        """A model minus another: what is hard for both cancels out."""
        draws = self.draws[:, model, *figure] - self.draws[:, other, *figure]
        return _interval(self.values[model][figure] - self.values[other][figure], draws)


def resample(pool: Pool, models: Sequence[Answers], draws: int = DRAWS) -> Resampled:
    """Bootstrap over groups, one draw for all models and heads."""
    found = [outcomes(pool, answers) for answers in models]
    values = np.array([figures(pool, one) for one in found])
    drawn = [[figures(pool, one, weights) for one in found] for weights in _weights(pool, draws)]
    return Resampled(values, np.array(drawn))


def _weights(pool: Pool, draws: int) -> Iterator[list[np.ndarray]]:
    """Of each draw how often the labels of each head are in it."""
    names = pool.groups
    places = [np.searchsorted(names, np.array(of_head.first.groups)) for of_head in pool.heads]
    for times in group_weights(len(names), draws, SEED):
        yield [times[place].astype(float) for place in places]


def _outcome(of_head: HeadPool, likely: np.ndarray) -> Outcome:
    of_label = np.take_along_axis(likely, of_head.targets[:, None], axis=1)[:, 0]
    return Outcome(likely.argmax(axis=1) == of_head.targets, -np.log(np.maximum(of_label, FLOOR)))


def _figures(of_head: HeadPool, found: Outcome, weights: np.ndarray) -> tuple[float, float]:
    classes = len(of_head.head.classes)
    hits = np.bincount(of_head.targets, weights * found.hits, classes)
    actual = np.bincount(of_head.targets, weights, classes)
    if not actual.any():
        return np.nan, np.nan
    there = actual > 0
    return macro(hits[there] / actual[there]), float(weights @ found.losses / weights.sum())


def _interval(value: float, draws: np.ndarray) -> Interval:
    known = draws[~np.isnan(draws)]
    if np.isnan(value) or not len(known):
        return Interval(None, None, None)
    low, high = np.quantile(known, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(float(value), float(low), float(high))
