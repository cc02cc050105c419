"""How often members give the same answers. Pure functions."""

# scikit-learn has no types.
# pyright: reportMissingTypeStubs=false

import math
from dataclasses import dataclass

import numpy as np
from sklearn.metrics import cohen_kappa_score

from tailwise.ensemble.pool import HeadPool


@dataclass(frozen=True)
class Agreement:
    """Of a head. equal: share of equal answers (M, M); kappa: Cohen's, None where it is undefined (M, M)

    kappa: 1 for equal answers, 0 for as many equal ones as chance gives two members with these shares of the classes
    """

    equal: list[list[float]]
    kappa: list[list[float | None]]


def agreement(of_head: HeadPool) -> Agreement:
    """Source of kappa: Cohen 1960, https://doi.org/10.1177/001316446002000104"""
    predicted = of_head.probabilities.argmax(axis=2)
    equal = [[float((own == other).mean()) for other in predicted] for own in predicted]
    return Agreement(equal, [[_kappa(own, other) for other in predicted] for own in predicted])


def _kappa(own: np.ndarray, other: np.ndarray) -> float | None:
    """None if both give one and the same answer to all, which chance does too."""
    if len(np.union1d(own, other)) < 2:
        return None
    found = float(cohen_kappa_score(own, other))
    return None if math.isnan(found) else found
