"""Which predicted classes are taken as labels (pseudo-labels). Pure functions.

Sources: self-training, Lee 2013, Pseudo-Label; rates by class, Wei et al. 2021, CReST, https://arxiv.org/abs/2102.09559
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil, floor, isfinite

import numpy as np

from tailwise.core.files import DIGITS

TOLERANCE = 1e-9
"""Rounding error of a product of a count and a share, before it is rounded to whole samples."""


@dataclass(frozen=True)
class Rule:
    """What is taken of a head's predictions.

    threshold: least calibrated probability of the predicted class
    ratio: most labels of a class, as a multiple of its labelled samples; None: no limit
    alpha: by how much rarer classes are preferred, see `rates`; 0: all alike
    """

    threshold: float = 0.9
    ratio: float | None = 1.0
    alpha: float = 1 / 3

    def __post_init__(self):
        if not 0 < self.threshold <= 1:
            raise ValueError(f"threshold must be above 0 and at most 1, found {self.threshold:g}")
        if self.ratio is not None and not (self.ratio > 0 and isfinite(self.ratio)):
            raise ValueError(f"ratio must be above 0, found {self.ratio:g}")
        if not (self.alpha >= 0 and isfinite(self.alpha)):
            raise ValueError(f"alpha must be 0 or more, found {self.alpha:g}")


@dataclass(frozen=True)
class Taken:
    """K labels of one head, in the order of the samples.

    indices: (K,) of the samples; labels: (K,) class ids; confidence: (K,) probabilities, rounded as files have them
    """

    indices: np.ndarray
    labels: np.ndarray
    confidence: np.ndarray


def rates(counts: np.ndarray, alpha: float) -> np.ndarray:
    """(C,) the share of each class's confident predictions that is taken, in [0, 1]. counts: (C,) labelled samples

    With the classes ordered by count, N_1 >= ... >= N_L, class l has (N_{L+1-l} / N_1) ** alpha: the rarest has 1, see
    CReST. Classes with the same count share the mean of their N_{L+1-l}; a class without a label has 0.

    >>> rates(np.array([100, 10, 1]), 0.5).round(3).tolist()
    [0.1, 0.316, 1.0]
    """
    found, present = np.zeros(len(counts)), np.flatnonzero(counts)
    if len(present):
        ordered = np.sort(counts[present])
        partner = {n: ordered[::-1][ordered == n].mean() for n in np.unique(ordered)}
        found[present] = [(partner[n] / ordered[-1]) ** alpha for n in counts[present]]
    return found


def limits(counts: np.ndarray, candidates: np.ndarray, rule: Rule) -> np.ndarray:
    """(C,) the most labels of each class. counts: labelled samples; candidates: confident predictions of each class

    The share of `rates`, rounded up, and no more than `ratio` times the labelled samples, rounded down.
    """
    shares = [ceil(rate * n - TOLERANCE) for rate, n in zip(rates(counts, rule.alpha), candidates.tolist())]
    most = shares if rule.ratio is None else [floor(rule.ratio * n + TOLERANCE) for n in counts.tolist()]
    return np.minimum(shares, most).astype(int)


def select(probabilities: np.ndarray, names: Sequence[str], counts: np.ndarray, rule: Rule) -> Taken:
    """The most confident predictions of each class, as far as the rule goes. Of equal confidence, the first by name.

    probabilities: (N, C), calibrated; names: N different ones; counts: (C,) labelled samples of each class
    Raises ValueError for other shapes, values that are no probabilities, and names that are not unique.
    """
    _check(probabilities, names, counts)
    confidence = probabilities.max(axis=1, initial=0).round(DIGITS)
    labels = probabilities.argmax(axis=1)
    sure = np.flatnonzero(confidence >= round(rule.threshold, DIGITS))
    ranked = np.array(sorted(sure.tolist(), key=lambda i: (-confidence[i], names[i])), int)
    most = limits(counts, np.bincount(labels[ranked], minlength=len(counts)), rule)
    kept = [ranked[labels[ranked] == label][: most[label]] for label in range(len(counts))]
    indices = np.sort(np.concatenate(kept))
    return Taken(indices, labels[indices], confidence[indices])


def select_heads(
    probabilities: Mapping[str, np.ndarray],
    names: Sequence[str],
    counts: Mapping[str, np.ndarray],
    rules: Mapping[str, Rule],
) -> dict[str, Taken]:
    """{head: what is taken}, each head on its own: a sample may have a label in one head and none in another.

    All by head; shapes and errors as of `select`.
    """
    return {head: select(found, names, counts[head], rules[head]) for head, found in probabilities.items()}


def _check(probabilities: np.ndarray, names: Sequence[str], counts: np.ndarray) -> None:
    if probabilities.shape != (len(names), len(counts)):
        raise ValueError(
            f"probabilities of shape {probabilities.shape} for {len(names)} samples and {len(counts)} classes"
        )
    if not (np.isfinite(probabilities).all() and (probabilities >= 0).all() and (probabilities <= 1).all()):
        raise ValueError("probabilities must be within 0 and 1")
    if len(set(names)) < len(names):
        raise ValueError("names of samples must be different")
    if (counts < 0).any():
        raise ValueError("counts must be 0 or more")
