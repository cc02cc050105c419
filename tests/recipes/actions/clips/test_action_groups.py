"""Accuracy over groups of classes, and the pairs that are mixed up most."""

import numpy as np

from tailwise.core.heads import Head
from tailwise.metrics.predictions import Predictions
from tailwise.recipes.actions.clips.groups import extra, most_confused

CLASSES = (
    "Pushing something from left to right",
    "Pushing something from right to left",
    "Pretending to pick something up",
    "Picking something up",
)
TARGETS, PREDICTED = np.array([0, 0, 1, 2, 2, 3, -100]), np.array([0, 1, 1, 3, 3, 3, 0])


def predictions() -> Predictions:
    names = [f"c{i}" for i in range(len(TARGETS))]
    return Predictions(Head("action", CLASSES), names, names, TARGETS, PREDICTED)


def test_a_table_by_hand():
    found = extra(predictions())
    assert found.figures["groups"] == {
        "verb": {"push": 2 / 3, "pick": 1 / 3},
        "side": {"right": 0.5, "left": 1.0, "neither": 1 / 3},
        "pretence": {"done": 3 / 4, "pretended": 0.0},
    }
    assert found.labels["groups.verb.push"].text == "accuracy by verb, push"
    assert found.lines == ["accuracy by side: right 0.500, left 1.000, neither 0.333", *found.lines[1:]]


def test_the_most_confused_pairs_come_first():
    found = extra(predictions()).files["confused"]
    assert found == [
        {"actual": CLASSES[2], "predicted": CLASSES[3], "clips": 2, "share": 1.0},
        {"actual": CLASSES[0], "predicted": CLASSES[1], "clips": 1, "share": 0.5},
    ]
    assert most_confused(np.eye(3, dtype=int), ("a", "b", "c")) == []
    assert len(most_confused(np.ones((40, 40), int), tuple(map(str, range(40))))) == 30
