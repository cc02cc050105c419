"""All figures of a split with their intervals, the most frequent confusions, and the rare classes alone."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import numpy as np

from tailwise.evaluation.intervals import Interval
from tailwise.evaluation.measure import Measured, resample
from tailwise.evaluation.selective import risk_curves
from tailwise.metrics.predictions import Predictions

RARE = 0.05
"""Share of the training samples below which a class is rare."""
MOST = 10
"""Confusions of a head in the file."""
SHOWN = 20
"""Limits that are printed; the file has all."""


def head_figures(measured: Measured, trained_on: dict[str, int]) -> dict[str, Any]:
    """One head, as JSON; "tau" if its logits were adjusted; "selective" see `risk_curves`.

    trained_on: {class: training samples}
    """
    found, classes = measured.figures, measured.predictions.head.classes
    return {
        **{name: asdict(found[name]) for name in ("macro_recall", "macro_f1", "accuracy")},
        "classes": {
            name: _class(i, measured.matrix, found) | _in_samples(name, measured) for i, name in enumerate(classes)
        },
        "confusions": confusions(measured.matrix, classes),
        "rare": rare(measured.predictions, trained_on),
        "selective": risk_curves(measured.predictions),
        **({} if measured.predictions.tau is None else {"tau": measured.predictions.tau}),
    }


def confusions(matrix: np.ndarray, classes: tuple[str, ...], most: int = MOST) -> list[dict[str, Any]]:
    """The most frequent pairs of actual and predicted class, with the share of the actual class's samples."""
    pairs: list[dict[str, Any]] = [
        {"actual": classes[i], "predicted": classes[j], "count": int(n), "share": float(n / matrix[i].sum())}
        for (i, j), n in np.ndenumerate(matrix)
        if i != j and n
    ]
    return sorted(pairs, key=lambda pair: (-pair["count"], -pair["share"]))[:most]


def rare(found: Predictions, trained_on: dict[str, int]) -> dict[str, Any]:
    """Means over the rare classes alone. trained_on: {class: training samples}"""
    classes, total = found.head.classes, sum(trained_on.values())
    ids = [i for i, name in enumerate(classes) if trained_on[name] < RARE * total]
    figures = resample(found, ids) if ids else {}
    absent = Interval(None, None, None)
    means = {name: asdict(figures.get(name, absent)) for name in ("macro_recall", "macro_f1")}
    return {"classes": [classes[i] for i in ids], **means}


def lines(made: dict[str, Any]) -> Iterator[str]:
    """Lines for the terminal: figures of the rare classes, and limits."""
    for name, of_head in made["heads"].items():
        rare = of_head["rare"]
        if rare["macro_recall"]["value"] is not None:
            yield f"{name}: rare classes {', '.join(rare['classes'])}: recall {format_interval(rare['macro_recall'])}"
    yield from made["limits"][:SHOWN]
    if len(made["limits"]) > SHOWN:
        yield f"and {len(made['limits']) - SHOWN} more, see reports/intervals.json"


def format_interval(interval: dict[str, float]) -> str:
    return "{value:.3f} ({low:.3f} to {high:.3f})".format(**interval)


def _in_samples(name: str, measured: Measured) -> dict[str, int]:
    """{"samples": sequences that have the class}, of a sequence head."""
    samples = measured.samples
    return {} if samples is None else {"samples": samples[name]}


def _class(i: int, matrix: np.ndarray, found: dict[str, Any]) -> dict[str, Any]:
    figures = {name: asdict(found[name][i]) for name in ("recall", "precision", "f1")}
    return {"support": int(matrix[i].sum()), "predicted": int(matrix[:, i].sum()), **figures}
