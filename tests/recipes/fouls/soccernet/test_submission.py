"""The predictions of a split as a prediction file."""

import numpy as np

from tailwise.core.heads import Head
from tailwise.metrics.predictions import Predictions
from tailwise.recipes.fouls.soccernet.submission import official_submission, submission

ACTIONS, SEVERITIES = ("Dive", "High leg"), ("No offence", "No card", "Yellow card", "Red card")
COUNTS = {"action": {"Dive": 3, "High leg": 5}, "severity": dict(zip(SEVERITIES, (2, 6, 6, 1)))}


def answered(classes, samples, predictions):
    return Predictions(Head("x", classes), samples, samples, np.zeros(len(samples), int), np.array(predictions))


def test_every_foul_is_in_the_official_file_one_without_an_answer_with_the_most_frequent_classes():
    answers = {
        "action": answered(ACTIONS, ["valid/10", "valid/9"], [0, 1]),
        "severity": answered(SEVERITIES, ["valid/10", "valid/9"], [0, 3]),
    }
    file = official_submission("valid", answers, ["9", "11", "10"], COUNTS)
    assert file == {
        "Set": "valid",
        "Actions": {
            "9": {"Action class": "High leg", "Offence": "Offence", "Severity": "5.0"},
            "10": {"Action class": "Dive", "Offence": "No offence", "Severity": ""},
            "11": {"Action class": "High leg", "Offence": "Offence", "Severity": "1.0"},
        },
    }
    assert list(file["Actions"]) == ["9", "10", "11"]


def test_other_data_keep_their_heads_and_samples():
    answers = {
        "outcome": answered(("goal", "miss"), ["a", "b"], [1, 0]),
        "foot": answered(("left", "right"), ["b"], [0]),
    }
    assert submission("test", answers) == {
        "Set": "test",
        "Actions": {"a": {"outcome": "miss"}, "b": {"outcome": "goal", "foot": "left"}},
    }


def test_samples_of_other_data_may_end_alike():
    answers = {"action": answered(ACTIONS, ["a/1", "b/1"], [0, 1]), "severity": answered(SEVERITIES, ["a/1"], [1])}
    actions = submission("valid", answers)["Actions"]
    assert actions == {"a/1": {"action": "Dive", "severity": "No card"}, "b/1": {"action": "High leg"}}
