"""Predictions as SoccerNet-MVFoul's prediction file."""

import json
from collections import Counter
from collections.abc import Collection
from typing import TYPE_CHECKING

from tailwise.core.errors import UserError, print_error
from tailwise.recipes.fouls.soccernet.prediction_file import ACTIONS, SEVERITY, is_official, prediction_file
from tailwise.recipes.prediction import Inputs, Prediction

if TYPE_CHECKING:
    from tailwise.core.heads import Head

GUESSED = "the official file gives them the classes predicted most often for the others"


def as_official(predictions: list[Prediction], inputs: Inputs) -> str:
    """The content of the file; `inputs.split` is its Set. The heads must pass `check_official`."""
    labels = {one.name: classes_of(one) for one in predictions}
    labels |= guesses(labels, [sample.name for sample in inputs.samples])
    answers = [(name, label["action"], label["severity"]) for name, label in labels.items()]
    return json.dumps(prediction_file(inputs.split, answers), indent=2, ensure_ascii=False) + "\n"


def classes_of(one: Prediction) -> dict[str, str]:
    """{head: predicted class}"""
    return {of_head.head.name: of_head.head.classes[of_head.predicted[0]] for of_head in one.heads}


def guesses(labels: dict[str, dict[str, str]], names: list[str]) -> dict[str, dict[str, str]]:
    """Labels of the fouls without a usable view: a foul that the file lacks counts as wrong. stderr has a line."""
    unread = [name for name in names if name not in labels]
    if not unread:
        return {}
    guess = most_frequent(labels.values())
    print_error(f"{len(unread)} of {len(names)} fouls have no usable view: {GUESSED}: {', '.join(guess.values())}")
    return dict.fromkeys(unread, guess)


def most_frequent(labels: Collection[dict[str, str]]) -> dict[str, str]:
    """The class of each head that was predicted most often; of equals the first in the head's order."""
    heads = next(iter(labels))
    counts = {head: Counter(label[head] for label in labels) for head in heads}
    order = {"action": ACTIONS, "severity": tuple(SEVERITY)}
    return {head: max(order[head], key=of_head.__getitem__) for head, of_head in counts.items()}


def check_official(heads: "tuple[Head, ...]") -> None:
    """Raise UserError if the file has no words for what the model predicts."""
    classes = {head.name: head.classes for head in heads}
    if not is_official(classes):
        found = "; ".join(f"{name}: {', '.join(of_head)}" for name, of_head in classes.items())
        raise UserError(f"--format official needs the heads action and severity of SoccerNet-MVFoul, found {found}")
