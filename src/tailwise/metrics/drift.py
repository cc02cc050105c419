"""Whether answers given now are still distributed as those on a reference, such as the validation split."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from tailwise.metrics.predictions import Predictions

TENTHS = 10
"""Bins of confidence, the probability of the answer."""
SMOOTHING = 0.5
"""Samples added to each bin, so that an empty one has a logarithm."""
DRAWS = 999


@dataclass(frozen=True)
class Drift:
    """psi: population stability index; js: Jensen-Shannon divergence in bits, within [0, 1]
    p: share of random divisions of both kinds of sample whose index is as large, the true one included
    """

    psi: float
    js: float
    p: float


def profile(classes: int, answers: Iterable[tuple[int, float]]) -> np.ndarray:
    """(classes + TENTHS,): shares of a sample's answers by class, then by confidence.

    answers: one or more (class id, confidence in [0, 1]), as a sequence has one a position
    """
    counts = np.zeros(classes + TENTHS)
    for label, confidence in answers:
        counts[label] += 1
        counts[classes + min(int(confidence * TENTHS), TENTHS - 1)] += 1
    return counts / counts[:classes].sum()


def profiles(found: Predictions) -> np.ndarray:
    """The `profile` of each sample of a table of predictions, (N, C + TENTHS)."""
    likely = found.known_probabilities[np.arange(len(found)), found.predicted]
    rows = zip(found.samples, found.predicted.tolist(), likely.tolist())
    classes = len(found.head.classes)
    return np.array(
        [profile(classes, ((label, sure) for _, label, sure in of)) for _, of in groupby(rows, lambda row: row[0])]
    )


def compare(reference: np.ndarray, found: np.ndarray, classes: int, seed: int = 0) -> dict[str, Drift]:
    """{"class": drift, "confidence": drift} between profiles of one or more samples, (N, classes + TENTHS) and (n, ...)

    Samples, not positions, are divided at random, so that answers within a sequence may depend on each other. Of
    independent samples from one distribution, p is at most x with a probability of at most x, over references and
    samples found: of one small reference that happens to differ, more often.
    """
    pooled, rng = np.concatenate([reference, found]), np.random.default_rng(seed)
    total, size = pooled.sum(0), len(found)
    drawn = np.array([pooled[rng.permutation(len(pooled))[:size]].sum(0) for _ in range(DRAWS)])
    parts = {"class": slice(0, classes), "confidence": slice(classes, None)}
    return {name: _drift(total[part], found.sum(0)[part], drawn[:, part]) for name, part in parts.items()}


def _drift(total: np.ndarray, found: np.ndarray, drawn: np.ndarray) -> Drift:
    """total, found: counts (K,) of both together and of the samples found; drawn: (DRAWS, K) of random ones"""
    sums = np.concatenate([found[None], drawn])
    new, old = _shares(sums), _shares(total - sums)
    psi = population_stability(old, new)
    as_large = int(np.count_nonzero(psi >= psi[0] - 1e-12))
    return Drift(float(psi[0]), float(jensen_shannon(old[0], new[0])), as_large / len(psi))


def _shares(counts: np.ndarray) -> np.ndarray:
    smoothed = counts + SMOOTHING
    return smoothed / smoothed.sum(-1, keepdims=True)


def population_stability(old: np.ndarray, new: np.ndarray) -> np.ndarray:
    """Sum of (new - old) log(new / old) over the last axis; shares above 0.

    Source: Siddiqi 2006, Credit Risk Scorecards, chapter 6
    """
    return ((new - old) * np.log(new / old)).sum(-1)


def jensen_shannon(old: np.ndarray, new: np.ndarray) -> np.ndarray:
    """In bits, over the last axis; shares above 0. Source: Lin 1991, https://doi.org/10.1109/18.61115, eq. 3.4"""
    middle = (old + new) / 2
    return ((old * np.log2(old / middle) + new * np.log2(new / middle)) / 2).sum(-1)


def alarm(found: Sequence[Drift], level: float = 0.05) -> bool:
    """Whether one of these drifted, by p with Bonferroni's correction for their number, which is at least 1."""
    return bool(min(each.p for each in found) * len(found) <= level)
