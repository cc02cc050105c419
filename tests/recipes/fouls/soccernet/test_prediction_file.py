"""The official prediction file, word for word."""

import pytest

from tailwise.recipes.fouls.soccernet.prediction_file import is_official, prediction_file


def test_every_severity_has_its_words_and_ids_are_in_order():
    answers = [("10", "Dive", "Red card"), ("2", "High leg", "No offence"), ("0", "Holding", "Yellow card")]
    assert prediction_file("test", answers) == {
        "Set": "test",
        "Actions": {
            "0": {"Action class": "Holding", "Offence": "Offence", "Severity": "3.0"},
            "2": {"Action class": "High leg", "Offence": "No offence", "Severity": ""},
            "10": {"Action class": "Dive", "Offence": "Offence", "Severity": "5.0"},
        },
    }
    assert list(prediction_file("test", answers)["Actions"]) == ["0", "2", "10"]


def test_a_foul_that_comes_twice_is_refused():
    with pytest.raises(ValueError, match="two predictions of foul 7"):
        prediction_file("test", [("7", "Dive", "Red card"), ("7", "Dive", "No card")])


@pytest.mark.parametrize(
    ("heads", "official"),
    [
        ({"action": ["Dive", "High leg"], "severity": ["No card"]}, True),
        ({"action": ["kick", "shove"], "severity": ["No card"]}, False),
        ({"action": ["Dive"], "severity": ["light"]}, False),
        ({"action": ["Dive"]}, False),
        ({"action": ["Dive"], "severity": ["No card"], "contact": ["yes"]}, False),
    ],
)
def test_only_the_official_classes_are_official(heads, official):
    assert is_official(heads) is official


def test_an_unknown_severity_is_refused():
    with pytest.raises(ValueError, match="severity 'Purple card' is none of No offence, No card"):
        prediction_file("test", [("0", "Dive", "Purple card")])
