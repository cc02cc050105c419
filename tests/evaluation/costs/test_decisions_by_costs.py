"""Answers with the least expected cost: thresholds by hand, and what they save."""

from dataclasses import replace

import numpy as np
import pytest

from tailwise.core.errors import UserError
from tailwise.core.heads import Head
from tailwise.evaluation.costs.decisions import Costs, cheapest, decide
from tailwise.metrics.predictions import Predictions

HEAD = Head("card", ("none", "red"))
MISSED = Costs({"red": {"none": 9.0}})


def answers(targets, red) -> Predictions:
    """red: the probabilities of that class; every sample is a group"""
    likely = np.stack([1 - np.array(red), np.array(red)], axis=1)
    names = [f"s{i}" for i in range(len(red))]
    return Predictions(HEAD, names, names, np.array(targets), likely.argmax(axis=1), likely)


@pytest.mark.parametrize(("red", "answer"), [(0.09, 0), (0.11, 1), (0.5, 1)])
def test_with_two_classes_it_is_a_threshold_at_the_share_of_the_costs(red, answer):
    """A false alarm costs 1, a miss 9: 1 / (1 + 9)."""
    assert cheapest(np.array([[1 - red, red]]), MISSED.matrix(HEAD)).tolist() == [answer]


def test_equal_costs_give_the_most_probable_class():
    likely = np.random.default_rng(1).dirichlet(np.ones(5), 300)
    head = Head("of_five", tuple("abcde"))
    assert (cheapest(likely, Costs().matrix(head)) == likely.argmax(axis=1)).all()


def test_of_equally_cheap_classes_the_most_probable_is_taken():
    assert cheapest(np.array([[0.3, 0.7], [0.6, 0.4]]), np.zeros((2, 2))).tolist() == [1, 0]


def test_the_costs_are_those_of_each_answer_by_hand():
    """Four samples: two misses of 9 each become right, one right answer becomes a false alarm of 1."""
    found = decide(answers([1, 1, 0, 0], [0.2, 0.3, 0.2, 0.05]), MISSED)
    assert (found.before, found.after, found.saved) == (4.5, 0.25, 4.25)
    assert found.recalls == {"none": (1.0, 0.5), "red": (0.0, 1.0)} and found.changed == 0.75
    assert found.low < found.saved < found.high


def test_of_calibrated_probabilities_the_cheapest_answers_save():
    rng = np.random.default_rng(2)
    red = rng.uniform(0, 0.4, 2000)
    found = decide(answers((rng.uniform(size=2000) < red).astype(int), red), MISSED)
    assert found.low > 0.5


@pytest.mark.parametrize("cost", [-1.0, float("nan"), float("inf")])
def test_a_cost_is_no_negative_number(cost):
    with pytest.raises(ValueError, match="at least 0"):
        Costs({"red": {"none": cost}})


def test_a_right_answer_has_no_cost():
    with pytest.raises(UserError, match="card.errors: red for red is no error: leave it out"):
        Costs({"red": {"red": 2.0}}).matrix(HEAD)


def test_answers_that_were_decoded_are_compared_by_their_most_probable_classes():
    decoded = replace(answers([1, 0], [0.9, 0.1]), predicted=np.array([0, 1]))
    assert decide(decoded, Costs()).before == 0


def test_an_unknown_class_is_named_with_the_known_ones():
    with pytest.raises(UserError, match="card.errors: yellow is no class; there are none, red"):
        Costs({"yellow": {"none": 2.0}}).matrix(HEAD)
