"""Metrics of a split with their intervals, against hand-computed values."""

import numpy as np
import pytest

from tailwise.core.heads import Head
from tailwise.evaluation.figures import confusions, head_figures
from tailwise.evaluation.measure import measure
from tailwise.metrics.predictions import Predictions

CLASSES = ("often", "rare", "absent")
HEAD = Head("action", CLASSES)
COUNTS = {"often": 96, "rare": 4, "absent": 0}


@pytest.fixture
def figures():
    targets, predictions = np.array([0] * 8 + [1] * 4), np.array([0] * 6 + [1] * 2 + [1] + [0] * 3)
    names = [str(i) for i in range(12)]
    return head_figures(measure(Predictions(HEAD, names, names, targets, predictions)), COUNTS)


def test_classes_have_support_and_figures_within_their_intervals(figures):
    often = figures["classes"]["often"]
    assert (often["support"], often["predicted"]) == (8, 9)
    assert often["recall"]["value"] == 0.75 and often["precision"]["value"] == pytest.approx(6 / 9)
    assert 0 < often["recall"]["low"] < 0.75 < often["recall"]["high"] <= 1
    assert figures["macro_recall"]["value"] == pytest.approx((0.75 + 0.25) / 2)
    assert figures["classes"]["absent"]["recall"] == {"value": None, "low": None, "high": None}


def test_rare_classes_have_figures_of_their_own(figures):
    assert figures["rare"]["classes"] == ["rare", "absent"]
    assert figures["rare"]["macro_recall"]["value"] == 0.25
    assert figures["rare"]["macro_f1"]["value"] == pytest.approx(2 / (4 + 3))


def test_without_a_rare_class_there_is_nothing_to_tell():
    names = ["a", "b"]
    found = Predictions(Head("foot", ("x", "y")), names, names, np.array([0, 1]), np.array([0, 1]))
    reported = head_figures(measure(found), {"x": 5, "y": 5})["rare"]
    assert reported == {
        "classes": [],
        **dict.fromkeys(("macro_recall", "macro_f1"), dict.fromkeys(("value", "low", "high"))),
    }


def test_the_worst_confusions_come_first():
    reported = confusions(np.array([[9, 2, 1], [2, 0, 0], [0, 0, 5]]), CLASSES, most=2)
    assert reported == [
        {"actual": "rare", "predicted": "often", "count": 2, "share": 1.0},
        {"actual": "often", "predicted": "rare", "count": 2, "share": pytest.approx(2 / 12)},
    ]
