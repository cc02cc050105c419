"""Predictions as SoccerNet-MVFoul's prediction file."""

import json
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from tailwise.core.errors import UserError, print_error
from tailwise.recipes.fouls.soccernet.prediction_file import is_official, prediction_file
from tailwise.recipes.prediction import Answer, Inputs, Prediction

if TYPE_CHECKING:
    from tailwise.core.batch import Head

GUESSED = "the official file gives them the classes predicted most often for the others"


def as_official(predictions: list[Prediction], inputs: Inputs) -> str:
    """The content of the file; `inputs.split` is its Set. The heads must pass `check_official`."""
    predictions = with_guesses(predictions, [sample.name for sample in inputs.samples])
    labels = [{answer.head.name: answer.predicted for answer in one.answers} for one in predictions]
    answers = [(one.name, label["action"], label["severity"]) for one, label in zip(predictions, labels)]
    return json.dumps(prediction_file(inputs.split, answers), indent=2, ensure_ascii=False) + "\n"


def with_guesses(predictions: list[Prediction], names: list[str]) -> list[Prediction]:
    """An answer for the fouls without a usable view, too: a foul that the file lacks counts as wrong."""
    known = {one.name for one in predictions}
    unread = [name for name in names if name not in known]
    if not unread:
        return predictions
    guess = most_frequent(predictions)
    classes = ", ".join(answer.predicted for answer in guess)
    print_error(f"{len(unread)} of {len(names)} fouls have no usable view: {GUESSED}: {classes}")
    return [*predictions, *(Prediction(name, [], guess) for name in unread)]


def most_frequent(predictions: list[Prediction]) -> list[Answer]:
    """An answer a head by how often each class was predicted; of equals the first class."""
    answers = []
    for of_head in zip(*(one.answers for one in predictions)):
        head = of_head[0].head
        counts = Counter(answer.predicted for answer in of_head)
        answers.append(Answer(head, np.array([counts[name] / len(of_head) for name in head.classes])))
    return answers


def check_official(heads: "tuple[Head, ...]") -> None:
    """Raise UserError if the file has no words for what the model predicts."""
    classes = {head.name: head.classes for head in heads}
    if not is_official(classes):
        found = "; ".join(f"{name}: {', '.join(of_head)}" for name, of_head in classes.items())
        raise UserError(f"--format official needs the heads action and severity of SoccerNet-MVFoul, found {found}")
