"""Routing between rules and model, on hand-made tables."""

import numpy as np
import pytest

from tailwise.core.heads import Head
from tailwise.metrics.predictions import Predictions
from tailwise.recipes.logos.hybrid import (
    NEVER,
    accuracy,
    aligned,
    choose_threshold,
    compared,
    recalls,
    routed,
    routing_curve,
)

HEAD = Head("kind", ("simple", "text"))
NAMES = ["a", "b", "c", "d"]
TRUE = [0, 1, 0, 1]


def answers(text: list[float], names: list[str] = NAMES, true: list[int] = TRUE) -> Predictions:
    """text: probability of the second class of each sample"""
    probabilities = np.array([[1 - p, p] for p in text])
    return Predictions(HEAD, names, names, np.array(true), probabilities.argmax(axis=1), probabilities)


RULES = answers([0.1, 0.95, 0.6, 0.4])  # right where sure: a and b; c and d wrong at 0.6
MODEL = answers([0.2, 0.3, 0.1, 0.9])  # wrong at b alone


def test_sure_rules_answer_and_the_model_the_rest():
    found = routed(RULES, MODEL, 0.9)
    assert found.predicted.tolist() == [0, 1, 0, 1]
    assert found.known_probabilities[:, 1].tolist() == [0.1, 0.95, 0.1, 0.9]


def test_the_threshold_is_the_lowest_of_the_best():
    """At 0.9 the rules answer a and b: all right. At 0.95 b alone: all right, too. At 0.6 they answer all."""
    assert choose_threshold(RULES, MODEL) == pytest.approx(0.9)
    assert vars(compared(RULES, MODEL, 0.9)) == {"rules": 0.5, "model": 0.75, "hybrid": 1.0, "coverage": 0.5}


def test_rules_that_are_wrong_where_they_are_sure_are_never_asked():
    wrong = answers([0.9, 0.1, 0.9, 0.1])
    assert choose_threshold(wrong, MODEL) == NEVER
    assert compared(wrong, MODEL, NEVER).hybrid == accuracy(MODEL) and compared(wrong, MODEL, NEVER).coverage == 0


def test_rules_are_found_by_name():
    shuffled = answers([0.4, 0.6, 0.95, 0.1], NAMES[::-1], TRUE[::-1])
    assert aligned(shuffled, MODEL).known_probabilities[:, 1].tolist() == [0.1, 0.95, 0.6, 0.4]
    with pytest.raises(ValueError, match="no answer for 'c'"):
        aligned(answers([0.1, 0.2], ["a", "b"], [0, 1]), answers([0.2, 0.2, 0.2, 0.2]))


def test_a_sample_without_a_label_does_not_count():
    assert accuracy(answers([0.1, 0.1, 0.1, 0.1], true=[0, -100, 1, -100])) == 0.5


def test_the_curve_goes_from_the_model_alone_to_the_rules_alone():
    found = routing_curve(RULES, MODEL)
    assert found["coverage"] == [0, 0.25, 0.5, 1] and found["threshold"] == [NEVER, 0.95, 0.9, 0.6]
    assert found["accuracy"] == [accuracy(MODEL), 1, 1, accuracy(RULES)]  # c and d are equally sure: both or none
    many = answers(np.linspace(0.5, 1, 400).tolist(), [f"{i}" for i in range(400)], [1] * 400)
    assert len(routing_curve(many, many)["coverage"]) == 51


def test_recalls_of_each_way():
    found = recalls(RULES, MODEL, 0.9)
    assert found == {
        "simple": {"rules": 0.5, "model": 1.0, "hybrid": 1.0},
        "text": {"rules": 0.5, "model": 0.5, "hybrid": 1.0},
    }
    none = recalls(answers([0.1], ["a"], [0]), answers([0.1], ["a"], [0]), NEVER)["text"]
    assert none == {"rules": None, "model": None, "hybrid": None}
