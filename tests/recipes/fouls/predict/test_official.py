"""SoccerNet's prediction file, including fouls without a usable view."""

import json
from pathlib import Path

import numpy as np

from support.training.trained import HEADS
from tailwise.metrics.predictions import Predictions
from tailwise.recipes.fouls.predict.fouls import Foul
from tailwise.recipes.fouls.predict.inputs import FoulInputs
from tailwise.recipes.fouls.predict.official import as_official, classes_of, most_frequent
from tailwise.recipes.prediction import Prediction


def prediction(name: str, *classes: str) -> Prediction:
    """classes: predicted, one of each head"""
    ids = [np.array([head.classes.index(label)]) for head, label in zip(HEADS, classes)]
    return Prediction(name, ["clip"], [Predictions(head, [name], [""], i, i) for head, i in zip(HEADS, ids)])


def test_an_unreadable_foul_gets_the_most_frequent_prediction_of_each_head(capsys):
    seen = [("Dive", "Red card"), ("Holding", "Red card"), ("Holding", "No offence"), ("Dive", "Red card")]
    seen += [("Elbowing", "Yellow card"), ("Holding", "No offence")]
    made = [prediction(str(number), *classes) for number, classes in enumerate(seen)]
    assert most_frequent([classes_of(one) for one in made]) == {"action": "Holding", "severity": "Red card"}
    fouls = [Foul(str(number), Path(), ()) for number in (*range(6), 9)]
    file = json.loads(as_official(made, FoulInputs(fouls, split="chall")))
    assert file["Actions"]["9"] == {"Action class": "Holding", "Offence": "Offence", "Severity": "5.0"}
    assert len(file["Actions"]) == 7 and "1 of 7 fouls have no usable view" in capsys.readouterr().err


def test_of_classes_that_are_as_frequent_the_first_is_taken():
    labels = [{"action": "Dive", "severity": "Red card"}, {"action": "Tackling", "severity": "No offence"}]
    assert most_frequent(labels) == {"action": "Tackling", "severity": "No offence"}
