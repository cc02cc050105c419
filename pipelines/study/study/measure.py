"""The figures of a cell, from the answers of its model on the validation split."""

from pathlib import Path
from typing import Any

import numpy as np

from tailwise.core.files import read_json
from tailwise.core.heads import Head
from tailwise.evaluation.adjustment import log_prior
from tailwise.evaluation.measure import resample
from tailwise.metrics import confusion as metrics
from tailwise.metrics.calibration.bins import bin_sums, calibration_error
from tailwise.metrics.predictions import Predictions, read_predictions

BINS = 15
LEAST = 1e-6
"""Smallest probability that the files of answers tell from 0."""


def adjusted(probabilities: np.ndarray, prior: np.ndarray, tau: float) -> np.ndarray:
    """Probabilities (N, C) whose logits are less tau times `log_prior`, (C,), as `evaluation.adjust` does."""
    logits = np.log(np.maximum(probabilities, LEAST)) - tau * prior
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    return raised / raised.sum(axis=1, keepdims=True)


def head_figures(found: Predictions, trained_on: dict[str, int], tau: float = 0.0) -> dict[str, Any]:
    """One head, as JSON. trained_on: {class: training samples}; tau: of `adjusted`"""
    classes, known = found.head.classes, found.labelled
    likely = known.known_probabilities
    if tau:
        likely = adjusted(likely, log_prior({name: trained_on[name] for name in classes}), tau)
        known = Predictions(found.head, known.samples, known.groups, known.targets, likely.argmax(axis=1), likely)
    matrix, whole = known.matrix, resample(known)["macro_recall"]
    recalls, precisions = metrics.recall(matrix), metrics.precision(matrix)
    right = likely[np.arange(len(known)), known.targets]
    return {
        "macro_recall": metrics.macro(recalls),
        "interval": [whole.low, whole.high],
        "min_recall": float(np.nanmin(recalls)),
        "ece": calibration_error(bin_sums(likely.max(axis=1), known.predicted == known.targets, BINS)),
        "loss": float(-np.log(np.maximum(right, LEAST)).mean()),
        "recall": dict(zip(classes, (None if np.isnan(value) else float(value) for value in recalls))),
        "precision": dict(zip(classes, precisions.tolist())),
        "trained_on": {name: trained_on[name] for name in classes},
        "confusion": [" ".join(map(str, row)) for row in matrix.tolist()],
    }


def measure(answers: Path, index: Path, classes: Path, tau: float) -> dict[str, Any]:
    """{head: figures} of a folder of answers. index: folder with heads.json; classes: file of class counts"""
    counts = read_json(classes)["train"]
    heads = [Head(name, tuple(names)) for name, names in read_json(index / "heads.json").items()]
    found = {head.name: read_predictions(answers / f"{head.name}.csv", head) for head in heads}
    return {name: head_figures(of_head, counts[name], tau) for name, of_head in found.items()}
