"""All figures of a split with how far they could be off, what is mixed up most, and the rare classes alone."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import numpy as np

from tailwise.evaluation.certificate import limits, limits_of_groups
from tailwise.evaluation.intervals import Interval, intervals
from tailwise.evaluation.predictions import Outcomes
from tailwise.metrics.confusion import confusion

RARE = 0.05
"""Share of the training samples below which a class is rare."""
MOST = 10
"""Confusions that are told."""
SHOWN = 20
"""Limits that are printed; the file has all."""


def judge(outcomes: Outcomes, trained_on: dict[str, int]) -> dict[str, Any]:
    """One head, as JSON. trained_on: {class: training samples}"""
    labels, count = (outcomes.targets, outcomes.predictions), len(outcomes.classes)
    matrix, found = confusion(*labels, count), intervals(*labels, outcomes.groups, count)
    return {
        **{name: asdict(found[name]) for name in ("macro_recall", "macro_f1", "accuracy")},
        "classes": {name: _class(i, matrix, found) for i, name in enumerate(outcomes.classes)},
        "confusions": confusions(matrix, outcomes.classes),
        "rare": rare(outcomes, trained_on),
    }


def limits_of(outcomes: dict[str, Outcomes], judged: dict[str, dict]) -> list[str]:
    """What the figures of a split cannot tell, in sentences. judged: of each head, from `judge`"""
    found = limits_of_groups(len({group for of_head in outcomes.values() for group in of_head.groups}))
    for head, of_head in judged.items():
        found += limits(head, {name: of_class["support"] for name, of_class in of_head["classes"].items()})
    return found


def confusions(matrix: np.ndarray, classes: tuple[str, ...], most: int = MOST) -> list[dict]:
    """The pairs of classes that are mixed up most, with the share of the actual class's samples."""
    pairs = [
        {"actual": classes[i], "predicted": classes[j], "count": int(n), "share": float(n / matrix[i].sum())}
        for (i, j), n in np.ndenumerate(matrix)
        if i != j and n
    ]
    return sorted(pairs, key=lambda pair: (-pair["count"], -pair["share"]))[:most]


def rare(outcomes: Outcomes, trained_on: dict[str, int]) -> dict[str, Any]:
    """Means over the rare classes alone. trained_on: {class: training samples}"""
    classes, total = outcomes.classes, sum(trained_on.values())
    ids = [i for i, name in enumerate(classes) if trained_on[name] < RARE * total]
    labels = (outcomes.targets, outcomes.predictions)
    found = intervals(*labels, outcomes.groups, len(classes), means_over=ids) if ids else {}
    absent = Interval(None, None, None)
    means = {name: asdict(found.get(name, absent)) for name in ("macro_recall", "macro_f1")}
    return {"classes": [classes[i] for i in ids], **means}


def lines(made: dict) -> Iterator[str]:
    """The judgement in lines for the terminal: the rare classes and limits."""
    for name, of_head in made["heads"].items():
        rare = of_head["rare"]
        if rare["macro_recall"]["value"] is not None:
            yield f"{name}: rare classes {', '.join(rare['classes'])}: recall {format_interval(rare['macro_recall'])}"
    yield from made["limits"][:SHOWN]
    if len(made["limits"]) > SHOWN:
        yield f"and {len(made['limits']) - SHOWN} more, see reports/judgement.json"


def format_interval(interval: dict[str, float]) -> str:
    return "{value:.3f} ({low:.3f} to {high:.3f})".format(**interval)


def _class(i: int, matrix: np.ndarray, found: dict) -> dict[str, Any]:
    figures = {name: asdict(found[name][i]) for name in ("recall", "precision", "f1")}
    return {"support": int(matrix[i].sum()), "predicted": int(matrix[:, i].sum()), **figures}
