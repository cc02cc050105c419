"""Accuracy over groups of classes: by verb, by side, by whether the action is done; and what is mixed up most."""

from typing import Any

import numpy as np

from tailwise.core.heads import IGNORE
from tailwise.metrics.labels import Label
from tailwise.metrics.predictions import Predictions
from tailwise.recipes.actions.clips.labels import groups_of
from tailwise.recipes.recipe import Extra

MOST = 30
"""Pairs of classes that are listed."""


def extra(found: Predictions) -> Extra:
    """{"groups": {way: {group: accuracy over its clips, None without any}}}, and the file confused.json."""
    ways = groups_of(found.head.classes)
    figures = {way: {group: accuracy(found, names) for group, names in groups.items()} for way, groups in ways.items()}
    labels = {
        f"groups.{way}.{group}": Label(f"accuracy by {way}", group) for way, groups in ways.items() for group in groups
    }
    said = [f"accuracy by {way}: {listed(figures[way])}" for way in ("side", "pretence")]
    return Extra({"groups": figures}, said, [], {"confused": most_confused(found.matrix, found.head.classes)}, labels)


def accuracy(found: Predictions, names: list[str]) -> float | None:
    """Over the clips of these classes."""
    ids = [found.head.classes.index(name) for name in names]
    inside = np.isin(found.targets, ids) & (found.targets != IGNORE)
    return float((found.predicted == found.targets)[inside].mean()) if inside.any() else None


def listed(shares: dict[str, float | None]) -> str:
    return ", ".join(f"{group} {share:.3f}" for group, share in shares.items() if share is not None)


def most_confused(matrix: np.ndarray, classes: tuple[str, ...]) -> list[dict[str, Any]]:
    """The ordered pairs of classes that are mixed up most: {"actual", "predicted", "clips", "share" of the actual's}.

    matrix: (C, C) counts, rows actual
    """
    wrong = matrix - np.diag(np.diag(matrix))
    places = np.argsort(-wrong, axis=None, kind="stable")[:MOST]
    pairs = [divmod(int(place), len(classes)) for place in places]
    return [
        {
            "actual": classes[actual],
            "predicted": classes[predicted],
            "clips": int(wrong[actual, predicted]),
            "share": float(wrong[actual, predicted] / matrix[actual].sum()),
        }
        for actual, predicted in pairs
        if wrong[actual, predicted]
    ]
