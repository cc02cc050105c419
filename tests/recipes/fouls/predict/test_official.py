"""What predictions are written as."""

import json
from pathlib import Path

import numpy as np

from support.trained import HEADS
from tailwise.recipes.fouls.predict.fouls import Foul
from tailwise.recipes.fouls.predict.inputs import FoulInputs
from tailwise.recipes.fouls.predict.official import as_official, most_frequent
from tailwise.recipes.prediction import Answer, Prediction


def prediction(name: str, *classes: str) -> Prediction:
    """classes: predicted, one of each head"""
    certain = [np.eye(len(head.classes))[head.classes.index(label)] for head, label in zip(HEADS, classes)]
    return Prediction(name, ["clip"], [Answer(head, p, np.ones(1)) for head, p in zip(HEADS, certain)])


def test_the_guess_for_a_foul_that_was_not_seen_is_what_was_predicted_most_often_of_each_head():
    seen = [("Dive", "Red card"), ("Holding", "Red card"), ("Holding", "No offence"), ("Dive", "Red card")]
    seen += [("Elbowing", "Yellow card"), ("Holding", "No offence")]
    made = [prediction(str(number), *classes) for number, classes in enumerate(seen)]
    guess = most_frequent(made)
    assert [answer.head for answer in guess] == list(HEADS)
    assert [answer.predicted for answer in guess] == ["Holding", "Red card"]
    np.testing.assert_allclose(guess[1].probabilities, [2 / 6, 0, 1 / 6, 3 / 6])
    fouls = [Foul(str(number), Path(), ()) for number in (*range(6), 9)]
    file = json.loads(as_official(made, FoulInputs(fouls, split="chall")))
    assert file["Actions"]["9"] == {"Action class": "Holding", "Offence": "Offence", "Severity": "5.0"}
    assert len(file["Actions"]) == 7


def test_of_classes_that_are_as_frequent_the_first_is_taken():
    guess = most_frequent([prediction("0", "Dive", "Red card"), prediction("1", "Tackling", "No offence")])
    assert [answer.predicted for answer in guess] == ["Tackling", "No offence"]
