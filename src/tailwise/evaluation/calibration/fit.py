"""Fits calibrators to predictions that the model was not trained on. Deterministic."""

# scikit-learn and scipy have no types.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportMissingTypeStubs=false

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.optimize import minimize, minimize_scalar
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

from tailwise.core.files import rounded
from tailwise.evaluation.calibration.fitted import (
    LEAST,
    Fitted,
    Isotonic,
    Platt,
    Temperature,
    Uncalibrated,
    Vector,
    log_odds,
)
from tailwise.evaluation.calibration.options import METHODS, Method
from tailwise.metrics.predictions import Predictions

LOWEST, HIGHEST = 0.01, 100.0
"""Bounds of a fitted temperature: where every answer is right, the best one is 0."""


START = np.array([1.0, 0.0])
"""Slope and intercept of no calibration."""


def fit_all(found: Predictions, grid: Sequence[float] | None = None) -> dict[Method, Fitted]:
    """{method: calibrator} of a head, fitted to its labelled rows, at least one. grid: see `Calibration`

    The numbers are rounded as in their file, so that both give the same probabilities.
    """
    known, classes = found.labelled, found.head.classes
    likely, targets = known.known_probabilities.astype(np.float64), known.targets
    fitted = (
        Uncalibrated("none", classes),
        Temperature("temperature", classes, rounded(fit_temperature(likely, targets, grid))),
        Vector("vector", classes, *_columns(fit_vector(likely, targets))),
        Platt("platt", classes, *_columns(fit_platt(likely, targets))),
        Isotonic("isotonic", classes, *_columns(fit_isotonic(likely, targets))),
    )
    return dict(zip(METHODS, fitted))


def fit_temperature(probabilities: np.ndarray, targets: np.ndarray, grid: Sequence[float] | None = None) -> float:
    """The temperature with the lowest NLL, in [LOWEST, HIGHEST]; with a grid, of its values, the first if tied.

    probabilities: (N, C); targets: class ids (N,). Searches in log T, where every T is positive.
    """
    logits = np.log(np.maximum(probabilities, LEAST))
    if grid is not None:
        return min(grid, key=lambda one: _nll_at(logits, targets, one))
    bounds = np.log([LOWEST, HIGHEST])

    def of_log(log_t: float) -> float:
        return _nll_at(logits, targets, float(np.exp(log_t)))

    found: Any = minimize_scalar(of_log, bounds=bounds, method="bounded", options={"xatol": 1e-7})
    return float(np.exp(found.x))


def fit_vector(probabilities: np.ndarray, targets: np.ndarray) -> list[tuple[float, float]]:
    """(slope, intercept) of each class, with the lowest sum of NLL and half the squared distances from (1, 0).

    That is a normal prior with variance 1 around no calibration: a class with few labels stays near it.
    probabilities: (N, C); targets: class ids (N,)
    """
    logits, classes = np.log(np.maximum(probabilities, LEAST)), probabilities.shape[1]
    rows, ones = np.arange(len(targets)), np.eye(classes)[targets]

    def loss(both: np.ndarray) -> tuple[float, np.ndarray]:
        slopes, intercepts = both.reshape(2, classes)
        scores = slopes * logits + intercepts
        top = scores.max(axis=1, keepdims=True)
        likely = np.exp(scores - top)
        total = likely.sum(axis=1, keepdims=True)
        wrong = likely / total - ones
        value = float((np.log(total[:, 0]) + top[:, 0] - scores[rows, targets]).sum())
        off = both - START.repeat(classes)
        return value + float(off @ off) / 2, np.concatenate([(wrong * logits).sum(axis=0), wrong.sum(axis=0)]) + off

    found: Any = minimize(loss, START.repeat(classes), jac=True, method="L-BFGS-B", options={"maxiter": 1000})
    return list(zip(*found.x.reshape(2, classes).tolist()))


def fit_platt(probabilities: np.ndarray, targets: np.ndarray) -> list[tuple[float, float]]:
    """(slope, intercept) of each class, from log odds.

    The targets are Platt's, (n + 1) / (n + 2) of n labels of the class and 1 / (m + 2) of m others: finite numbers
    where the classes are separable, and for a class without a label.
    """
    return [_sigmoid(odds, targets == place) for place, odds in enumerate(log_odds(probabilities).T)]


def fit_isotonic(probabilities: np.ndarray, targets: np.ndarray) -> list[tuple[tuple[float, ...], tuple[float, ...]]]:
    """(log odds, probabilities) at the breakpoints of each class."""
    return [_rising(odds, targets == place) for place, odds in enumerate(log_odds(probabilities).T)]


def _nll_at(logits: np.ndarray, targets: np.ndarray, temperature: float) -> float:
    """Mean negative log likelihood; logits: (N, C)"""
    scaled = logits / temperature
    scaled -= scaled.max(axis=1, keepdims=True)
    return float(np.mean(np.log(np.exp(scaled).sum(axis=1)) - scaled[np.arange(len(targets)), targets]))


def _sigmoid(odds: np.ndarray, positive: np.ndarray) -> tuple[float, float]:
    """Platt's targets t as two rows a label: one of the class with weight t, one of the others with 1 - t."""
    labels = int(positive.sum())
    share = np.where(positive, (labels + 1) / (labels + 2), 1 / (len(positive) - labels + 2))
    inputs, outcomes = np.concatenate([odds, odds])[:, None], np.repeat([1, 0], len(odds))
    found: Any = LogisticRegression(C=np.inf, tol=1e-8, max_iter=1000)
    found.fit(inputs, outcomes, sample_weight=np.concatenate([share, 1 - share]))
    return float(found.coef_[0, 0]), float(found.intercept_[0])


def _rising(odds: np.ndarray, positive: np.ndarray) -> tuple[tuple[float, ...], tuple[float, ...]]:
    found = IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip").fit(odds, positive)
    return tuple(found.X_thresholds_.tolist()), tuple(found.y_thresholds_.tolist())


def _columns(rows: Sequence[tuple[Any, Any]]) -> tuple[tuple[Any, ...], ...]:
    """Two columns of a row a class, their numbers rounded as in a file."""
    return tuple(_tupled(rounded(column)) for column in zip(*rows))


def _tupled(values: Any) -> Any:
    return tuple(map(_tupled, values)) if isinstance(values, list | tuple) else values + 0.0  # no -0.0
