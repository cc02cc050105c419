"""Predictions as text for a person, as CSV, or as the official file."""

import csv
import io
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tailwise.cli.predict.predictor import Answer
from tailwise.core.batch import Head
from tailwise.core.errors import UserError, printable
from tailwise.core.files import rounded
from tailwise.recipes.fouls.soccernet.prediction_file import is_official, prediction_file


@dataclass(frozen=True)
class Prediction:
    """clips: the views that were used, in the order of each answer's attention"""

    name: str
    clips: list[str]
    answers: list[Answer]


def as_text(predictions: list[Prediction], split: str, row: str) -> str:
    """Per sample and head the classes, the likeliest first, and where it looked."""
    return "\n".join(printable(line) for prediction in predictions for line in _lines(prediction, row))


def _lines(prediction: Prediction, row: str) -> list[str]:
    lines = [f"{row} {prediction.name}"] if prediction.name else []
    for answer in prediction.answers:
        likeliest = answer.probabilities.argsort(kind="stable")[::-1]
        lines += [f"{answer.head.name}: {answer.predicted}"]
        lines += [f"  {answer.probabilities[i]:.3f}  {answer.head.classes[i]}" for i in likeliest]
        lines += ["  attention"]
        lines += [f"    {weight:.3f}  {clip}" for weight, clip in zip(answer.attention, prediction.clips)]
    return [*lines, ""]


def as_csv(predictions: list[Prediction], split: str, row: str) -> str:
    """A row a sample: its name and clips, then per head the class, a probability a class, the attention of each clip.

    Clips and attention are JSON lists in the same order.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    heads = [answer.head for answer in predictions[0].answers]
    writer.writerow([row, "clips", *(column for head in heads for column in _columns(head))])
    for one in predictions:
        cells = [cell for answer in one.answers for cell in _cells(answer)]
        writer.writerow([one.name, json.dumps(one.clips, ensure_ascii=False), *cells])
    return text.getvalue()


def _columns(head: Head) -> list[str]:
    return [head.name, *(f"{head.name}: {name}" for name in head.classes), f"{head.name} attention"]


def _cells(answer: Answer) -> list:
    return [
        answer.predicted,
        *rounded(answer.probabilities.tolist()),
        json.dumps(rounded(answer.attention.tolist())),
    ]


def as_official(predictions: list[Prediction], split: str, row: str) -> str:
    """SoccerNet-MVFoul's prediction file; see `check_official`."""
    labels = [{answer.head.name: answer.predicted for answer in one.answers} for one in predictions]
    answers = [(one.name, label["action"], label["severity"]) for one, label in zip(predictions, labels)]
    return json.dumps(prediction_file(split, answers), indent=2, ensure_ascii=False) + "\n"


def most_frequent(predictions: list[Prediction]) -> list[Answer]:
    """An answer a head for a sample that none was seen of: how often each class was predicted for the others."""
    answers = []
    for of_head in zip(*(one.answers for one in predictions)):
        head = of_head[0].head
        counts = Counter(answer.predicted for answer in of_head)
        shares = np.array([counts[name] / len(of_head) for name in head.classes])
        answers.append(Answer(head, shares, np.zeros(0)))
    return answers


def check_official(heads: tuple[Head, ...]) -> None:
    """Raise UserError if the model predicts other things than the official file tells."""
    classes = {head.name: head.classes for head in heads}
    if not is_official(classes):
        found = "; ".join(f"{name}: {', '.join(of_head)}" for name, of_head in classes.items())
        raise UserError(f"--format official needs the heads action and severity of SoccerNet-MVFoul, found {found}")


FORMATS: dict[str, Callable[[list[Prediction], str, str], str]] = {
    "text": as_text,
    "csv": as_csv,
    "official": as_official,
}
"""{name: (predictions, at least one; name of the split; what a sample is called) -> the file}"""
