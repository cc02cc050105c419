import numpy as np

from tailwise.core.heads import Head
from tailwise.evaluation.explain.choice import Choice, chosen, rarest, taken_for
from tailwise.metrics.predictions import Predictions

HEAD = Head("h", ("a", "b", "c", "d"))
COUNTS = {"a": 50, "b": 2, "c": 2, "d": 1}


def predictions(targets, predicted, sure, samples=None, positions=None):
    likely = np.full((len(targets), 4), 0.0)
    likely[np.arange(len(targets)), predicted] = sure
    names = samples or [f"s{i}" for i in range(len(targets))]
    return Predictions(HEAD, names, names, np.array(targets), np.array(predicted), likely, positions)


def test_the_rarest_classes_that_have_a_label():
    found = predictions([0, 2, 1, -100], [0, 0, 0, 3], [0.9] * 4)
    assert rarest(found, COUNTS, 2) == [1, 2]
    assert rarest(found, COUNTS, 9) == [1, 2, 0]


def test_the_surest_mistakes_then_the_surest_right_answers():
    found = predictions([1, 1, 1, 1, 1, 0], [0, 2, 0, 1, 1, 1], [0.6, 0.9, 0.9, 0.5, 0.7, 0.99])
    assert chosen(found, 1, Choice(wrong=2, right=1)) == [1, 2, 4]
    assert chosen(found, 3, Choice()) == []


def test_one_mistake_of_a_sequence():
    found = predictions([1] * 4, [0, 0, 1, 1], [0.5, 0.8, 0.6, 0.6], ["s", "s", "s", "t"], np.array([0, 1, 2, 0]))
    assert chosen(found, 1, Choice(wrong=2, right=2)) == [1, 2, 3]


def test_what_a_class_is_taken_for():
    found = predictions([1, 1, 1, 1, 0], [2, 0, 2, 1, 1], [0.5] * 5)
    assert taken_for(found, 1) == {"labels": 4, "right": 1, "taken_for": {"c": 2, "a": 1}}
