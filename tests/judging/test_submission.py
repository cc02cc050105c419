"""A split's answers as a prediction file."""

import numpy as np

from tailwise.judging.outcomes import Outcomes
from tailwise.judging.submission import submission

ACTIONS, SEVERITIES = ("Dive", "High leg"), ("No offence", "No card", "Yellow card", "Red card")


def outcomes(classes, samples, predictions):
    return Outcomes(classes, samples, samples, np.zeros(len(samples), int), np.array(predictions))


def test_official_heads_give_the_official_file():
    answers = {
        "action": outcomes(ACTIONS, ["valid/10", "valid/9"], [0, 1]),
        "severity": outcomes(SEVERITIES, ["valid/10", "valid/9"], [0, 3]),
    }
    assert submission("valid", answers) == {
        "Set": "valid",
        "Actions": {
            "9": {"Action class": "High leg", "Offence": "Offence", "Severity": "5.0"},
            "10": {"Action class": "Dive", "Offence": "No offence", "Severity": ""},
        },
    }


def test_other_heads_keep_their_names_and_samples():
    answers = {"outcome": outcomes(("goal", "miss"), ["a", "b"], [1, 0]), "foot": outcomes(("left",), ["b"], [0])}
    assert submission("test", answers) == {
        "Set": "test",
        "Actions": {"a": {"outcome": "miss"}, "b": {"outcome": "goal", "foot": "left"}},
    }


def test_severities_of_other_names_are_not_official():
    answers = {name: outcomes(("light", "hard"), ["a"], [0]) for name in ("action", "severity")}
    assert submission("valid", answers)["Actions"] == {"a": {"action": "light", "severity": "light"}}
