"""Figures of a confusion matrix (rows: actual class, columns: predicted). Pure functions.

`sklearn.metrics` computes such figures from all labels at once. These start from counts, which add up over batches,
processes and resumed epochs, and leave a class without a sample undefined (NaN) instead of 0.
"""

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

FIGURES = ("macro_recall", "macro_f1", "accuracy", "min_recall", "loss")
"""Names of the scalar figures of a head."""


def confusion(targets: np.ndarray, predictions: np.ndarray, classes: int) -> np.ndarray:
    """(classes, classes) int64 counts; labels outside 0..classes-1 (IGNORE) are left out.

    targets, predictions: class ids of one shape
    """
    kept = (targets >= 0) & (targets < classes)
    pairs = targets[kept] * classes + predictions[kept]
    return np.bincount(pairs, minlength=classes**2).reshape(classes, classes)


def recall(matrix: np.ndarray) -> np.ndarray:
    """Share of each actual class that was predicted correctly; NaN for a class without a sample."""
    return _share(matrix.diagonal(), matrix.sum(axis=1))


def precision(matrix: np.ndarray) -> np.ndarray:
    """Share of each predicted class that was correct; 0 where nothing was predicted."""
    return np.nan_to_num(_share(matrix.diagonal(), matrix.sum(axis=0)))


def f1(matrix: np.ndarray) -> np.ndarray:
    """2 TP / (actual + predicted) per class; NaN for a class neither actual nor predicted."""
    return _share(2 * matrix.diagonal(), matrix.sum(axis=0) + matrix.sum(axis=1))


def macro(values: np.ndarray) -> float:
    """Mean over the classes that have a value; NaN if none has."""
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else float("nan")


def mean_known(values: Iterable[float | None], scale: float = 1.0) -> float:
    """Scaled mean of the values, ignoring None and NaN, independent of order; NaN if there is none."""
    known = [value for value in values if value is not None and not math.isnan(value)]
    return scale * math.fsum(known) / len(known) if known else math.nan


def accuracy(matrix: np.ndarray) -> float:
    total = matrix.sum()
    return float(matrix.diagonal().sum() / total) if total else float("nan")


def scores(matrix: np.ndarray, classes: Sequence[str], loss: float) -> dict[str, Any]:
    """The flat figures of one head; a class without a sample has recall None.

    macro F1 is over the classes that have a sample, as macro recall is.
    """
    recalls, present = recall(matrix), matrix.sum(axis=1) > 0
    if not present.any():
        raise ValueError("no sample of this split has a label")
    return {
        "macro_recall": macro(recalls),
        "macro_f1": macro(f1(matrix)[present]),
        "accuracy": accuracy(matrix),
        "min_recall": float(np.nanmin(recalls)),
        "loss": loss,
        "recall": {name: float(r) if ok else None for name, r, ok in zip(classes, recalls, present)},
    }


def _share(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return np.divide(part, whole, out=np.full(len(part), np.nan), where=whole > 0)
