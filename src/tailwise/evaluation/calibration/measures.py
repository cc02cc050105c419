"""Figures of calibration, from a head's predictions on a split. Pure functions.

The confidence of an answer is the probability of the predicted class.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from tailwise.evaluation.calibration.fitted import LEAST
from tailwise.metrics.calibration.bins import bin_sums, calibration_error
from tailwise.metrics.dotted import dotted
from tailwise.metrics.labels import Label, above_label, readable
from tailwise.metrics.predictions import Predictions

FIGURES = (
    "ece",
    "ece_mass",
    "classwise",
    "brier",
    "nll",
    "above_90",
    "above_95",
    "mean_confidence",
    "accuracy",
)
LABELS = {
    **{name: Label("calibrated probabilities", readable(name)) for name in FIGURES},
    "ece": Label("ECE"),
    "ece_mass": Label("ECE", "equal mass"),
    "classwise": Label("ECE", "classwise"),
    "brier": Label("Brier score"),
    "nll": Label("negative log likelihood"),
    "above_90": above_label(0.90),
    "above_95": above_label(0.95),
}
"""{figure: its name for people}"""
HISTOGRAM = 20
"""Bars of the histogram of confidence, so that 0.90 and 0.95 are edges."""


def measure_calibration(found: Predictions, bins: int) -> dict[str, float]:
    """FIGURES of the labelled rows, at least one.

    ece, ece_mass, classwise: calibration errors over bins of equal width, of equal mass, and per class
    above_90, above_95: shares of the answers with a higher confidence than 0.90, 0.95
    """
    known = found.labelled
    likely, targets = known.known_probabilities, known.targets
    confidence, right = answers(known)
    return {
        "ece": calibration_error(bin_sums(confidence, right, bins)) or 0.0,
        "ece_mass": equal_mass_error(confidence, right, bins),
        "classwise": classwise_error(likely, targets, bins),
        "brier": brier(likely, targets),
        "nll": nll(likely, targets),
        "above_90": float((confidence > 0.90).mean()),
        "above_95": float((confidence > 0.95).mean()),
        "mean_confidence": float(confidence.mean()),
        "accuracy": float(right.mean()),
    }


def calibration_labels(figures: Mapping[str, Any]) -> dict[str, Label]:
    """{dotted name: label} of figures that have `measure_calibration`'s, nested at any depth."""
    keys = {name: name.rpartition(".")[2] for name in dotted(figures)}
    return {name: LABELS[key] for name, key in keys.items() if key in LABELS}


def answers(known: Predictions) -> tuple[np.ndarray, np.ndarray]:
    """(confidence, whether it is right) of each row, (N,) each. known: labelled rows"""
    confidence = known.known_probabilities[np.arange(len(known)), known.predicted]
    return confidence.astype(np.float64), known.predicted == known.targets


def equal_mass_error(confidence: np.ndarray, right: np.ndarray, bins: int) -> float:
    """Mean gap between confidence and accuracy over bins of equally many answers, in [0, 1].

    confidence: (N,); right: (N,) bool. Answers of the same confidence share their mean accuracy, so that the figure
    does not depend on the order of the rows.
    Source: https://arxiv.org/abs/1904.01685, section 3 (adaptive calibration error), of the predicted class
    """
    values, place = np.unique(confidence, return_inverse=True)
    accuracy = (np.bincount(place, right) / np.bincount(place))[place]
    gaps = (values[place] - accuracy)[np.argsort(confidence, kind="stable")]
    return float(sum(abs(part.sum()) for part in np.array_split(gaps, bins)) / len(gaps))


def classwise_error(probabilities: np.ndarray, targets: np.ndarray, bins: int) -> float:
    """Mean over the classes of the error of each class's probability, over bins of equal width; in [0, 1].

    probabilities: (N, C); targets: class ids (N,)
    Source: https://arxiv.org/abs/1910.12656, equation 3
    """
    classes = probabilities.shape[1]
    sums = [bin_sums(probabilities[:, place], targets == place, bins) for place in range(classes)]
    return sum(calibration_error(of_class) or 0.0 for of_class in sums) / classes


def brier(probabilities: np.ndarray, targets: np.ndarray) -> float:
    """Mean squared distance from the labels, summed over the classes: 0 to 2.

    Source: https://doi.org/10.1175/1520-0493(1950)078<0001:VOFEIT>2.0.CO;2
    """
    distance = probabilities - np.eye(probabilities.shape[1])[targets]
    return float(np.square(distance).sum() / len(targets))


def nll(probabilities: np.ndarray, targets: np.ndarray) -> float:
    """Mean negative log probability of the labels; a probability of 0 counts as LEAST."""
    of_label = probabilities[np.arange(len(targets)), targets]
    return float(-np.log(np.maximum(of_label, LEAST)).mean())


def reliability_bins(found: Predictions, bins: int) -> dict[str, list[Any]]:
    """{"count", "confidence", "accuracy"} of each bin of equal width; the means are None in an empty one."""
    counts, confidence, right = bin_sums(*answers(found.labelled), bins).reshape(3, -1).tolist()
    return {
        "count": [int(count) for count in counts],
        "confidence": [total / count if count else None for total, count in zip(confidence, counts)],
        "accuracy": [total / count if count else None for total, count in zip(right, counts)],
    }


def confidence_histogram(found: Predictions) -> list[int]:
    """Answers by confidence, in HISTOGRAM bins of equal width that include their upper end."""
    return bin_sums(*answers(found.labelled), HISTOGRAM)[:HISTOGRAM].astype(int).tolist()
