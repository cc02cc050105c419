"""SoccerNet's own evaluator: on random annotations, exactly the figures of a plain implementation."""

import math
import random
from pathlib import Path

import numpy as np
import pytest

from support.evaluator import reference
from support.fouls import foul, write_split
from tailwise.core.heads import Head
from tailwise.metrics.predictions import Predictions
from tailwise.recipes.fouls.soccernet.evaluator import annotations, differences, evaluate, official
from tailwise.recipes.fouls.soccernet.reader import HEADS, read_split

ACTIONS, OFFENCES = [*HEADS["action"], "", "Dont know"], ["Offence", "No offence", "No Offence", "Between", ""]
GRADES = ["1.0", "2.0", "3.0", "4.0", "5.0", ""]
ROUNDS = 400


def drawn(draw: random.Random) -> tuple[dict[str, dict], dict[str, dict]]:
    """Annotations of any kind, with every class in most rounds, and predictions of most fouls, many of them right."""
    count = draw.choice([1, 12, 60, 150])
    texts = [(draw.choice(ACTIONS), draw.choice(OFFENCES), draw.choice(GRADES)) for _ in range(count)]
    labels = {str(number): foul(*of_foul, clips=1) for number, of_foul in enumerate(texts)} | {"999": foul(clips=1)}
    words = [("No offence", ""), *(("Offence", grade) for grade in ("1.0", "3.0", "5.0"))]
    actions = {}
    for number, label in labels.items():
        pair = draw.choice([*words, (label["Offence"], label["Severity"])])
        given = draw.choice([label["Action class"], *HEADS["action"][:2]]), *pair
        actions[number] = dict(zip(("Action class", "Offence", "Severity"), given))
    return labels, {number: action for number, action in actions.items() if draw.random() > 0.1}


def read(folder: Path, labels: dict[str, dict]) -> dict:
    """The fouls, by way of the annotation file and the index."""
    return annotations(read_split(write_split(folder, labels, "Valid"), "valid")[0])


def test_random_rounds_give_exactly_the_figures_of_its_rules(tmp_path):
    draw, defined = random.Random(5), 0
    for nth in range(ROUNDS):
        labels, actions = drawn(draw)
        found, wanted = evaluate(read(tmp_path / str(nth), labels), actions), reference(labels, actions)
        np.testing.assert_array_equal([found["score"], found["action"], found["severity"]], wanted)
        defined += not math.isnan(found["score"])
    assert ROUNDS / 4 < defined < ROUNDS


@pytest.mark.parametrize(
    ("annotated", "predicted", "right"),
    [
        (("Holding", "Offence", "3.0"), ("Offence", "3.0"), True),
        (("Holding", "No offence", "4.0"), ("No offence", ""), True),
        (("Holding", "No Offence", ""), ("No offence", ""), False),
        (("Dive", "No offence", "5.0"), ("No offence", ""), True),
        (("Dive", "No Offence", ""), ("No offence", ""), False),
        (("Dive", "Offence", "5.0"), ("Offence", "5.0"), False),
        (("Dive", "Offence", "5.0"), ("Offence", "1.0"), True),
        (("Dive", "Offence", ""), ("Offence", "1.0"), True),
        (("Dive", "Between", "1.0"), ("Offence", "1.0"), False),
        (("Dive", "", "3.0"), ("Offence", "1.0"), False),
        (("Dive", "", "3.0"), ("Offence", "3.0"), False),
    ],
)
def test_correct_predictions_by_hand(tmp_path, annotated, predicted, right):
    """Beside one foul, always wrong, of each other class."""
    others = [foul(action) for action in HEADS["action"]]
    others += [foul(severity=grade) for grade in ("1.0", "3.0", "5.0")] + [foul(offence="No offence")]
    labels = {str(number): {**of, "Clips": foul(clips=1)["Clips"]} for number, of in enumerate(others)}
    fouls = read(tmp_path, {**labels, "99": foul(*annotated, clips=1)})
    file = {"99": {"Action class": "none", "Offence": predicted[0], "Severity": predicted[1]}}
    assert evaluate(fouls, file)["action"] == 0
    assert (evaluate(fouls, file)["severity"] > 0) is right


def test_a_class_without_a_foul_is_no_number(tmp_path):
    fouls = read(tmp_path, {"0": foul(clips=1), "1": foul(offence="No offence", clips=1)})
    assert all(math.isnan(value) for value in evaluate(fouls, {}).values())
    reported = list(differences(fouls, {}, []))
    assert "no foul is annotated Dive: it gives no number then; the balanced accuracy leaves the class out" in reported
    assert sum("no foul is annotated" in line for line in reported) == 7 + 2


def answered(predictions: dict[str, tuple[str, str]]) -> dict[str, Predictions]:
    """predictions: {number: (action, severity)}"""
    samples = [f"valid/{number}" for number in predictions]
    answers = {}
    for (head, classes), given in zip(HEADS.items(), zip(*predictions.values())):
        targets, labels = np.zeros(len(samples), int), np.array([classes.index(label) for label in given])
        answers[head] = Predictions(Head(head, tuple(classes)), samples, samples, targets, labels)
    return answers


COUNTS = {
    "action": {**dict.fromkeys(HEADS["action"], 2), "Holding": 9},
    "severity": {**dict.fromkeys(HEADS["severity"], 2), "Red card": 7},
}


def test_it_counts_the_fouls_that_each_rule_makes_unmatchable(tmp_path):
    labels = {
        "0": foul("Tackling", "No Offence"),
        "1": foul("Dive", "No Offence"),
        "2": foul("Dive", "Between", "3.0"),
        "3": foul("Dive", "Offence", "5.0"),
        "4": foul("Dive", "Offence", "2.0"),
        "7": foul("Pushing", "Offence", "5.0"),
        "8": foul("Pushing", "Between", "5.0"),
    }
    rows = read_split(write_split(tmp_path, labels, "Valid"), "valid")[0]
    file, reported = official("valid", answered({str(i): ("Dive", "No card") for i in range(5)}), rows, COUNTS)
    assert reported["fouls"] == 6 and reported["score"] is None
    assert [line for line in reported["differences"] if "no foul is" not in line] == [
        '2 of 6 fouls: annotated "No Offence", never equal to a predicted "No offence"',
        "1 of 6 fouls: dives whose Offence is empty or Between, never equal to any prediction",
        '1 of 6 fouls: dives with a yellow or red card, right with Severity "1.0" alone: '
        "who predicts the card is wrong",
        "1 of 6 fouls: no clip could be read, answered with the most frequent classes; "
        "the balanced accuracy leaves them out",
    ]
    assert file["Actions"]["7"] == {"Action class": "Holding", "Offence": "Offence", "Severity": "5.0"}
    assert list(file["Actions"]) == ["0", "1", "2", "3", "4", "7"] and file["Set"] == "valid"


def test_without_differences_nothing_is_reported(tmp_path):
    labels = [foul(action, severity="1.0") for action in HEADS["action"]]
    labels += [foul("Holding", severity="3.0"), foul("Holding", severity="5.0"), foul("Holding", "No offence")]
    rows = read_split(write_split(tmp_path, labels, "Valid"), "valid")[0]
    right = {row["sample"].split("/")[1]: (row["action"], row["severity"]) for row in rows}
    _, reported = official("valid", answered(right), rows, COUNTS)
    assert reported == {"score": 100.0, "action": 100.0, "severity": 100.0, "fouls": 11, "differences": []}
