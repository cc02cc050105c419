"""Predictions as text for a person, or as CSV."""

import csv
import io
import json
from collections.abc import Callable, Iterator
from itertools import chain

import numpy as np

from tailwise.core.errors import printable
from tailwise.core.files import rounded
from tailwise.recipes.prediction import Answer, Inputs, Prediction

Format = Callable[[list[Prediction], Inputs], str]
"""(predictions, at least one; the inputs) -> the file"""


def as_text(predictions: list[Prediction], inputs: Inputs) -> str:
    """Per sample and head the classes, the most probable first, and the attention; of a sequence a line a position."""
    lines = chain.from_iterable(_lines(prediction, inputs.unit) for prediction in predictions)
    return "\n".join(map(printable, lines))


def _lines(prediction: Prediction, unit: str) -> Iterator[str]:
    if prediction.name:
        yield f"{unit} {prediction.name}"
    for answer in prediction.answers:
        yield from _of_sequence(answer) if answer.probabilities.ndim > 1 else _of_sample(answer)
        if len(answer.attention):
            yield "  attention"
            yield from (f"    {weight:.3f}  {part}" for weight, part in zip(answer.attention, prediction.parts))
    yield ""


def _of_sample(answer: Answer) -> Iterator[str]:
    yield f"{answer.head.name}: {answer.predicted}"
    for i in answer.probabilities.argsort(kind="stable")[::-1]:
        yield f"  {answer.probabilities[i]:.3f}  {answer.head.classes[i]}"


def _of_sequence(answer: Answer) -> Iterator[str]:
    yield f"{answer.head.name}:"
    for position, (name, row) in enumerate(zip(answer.predicted, answer.probabilities)):
        yield f"  {position:>3}  {row.max():.3f}  {name}"


def as_csv(predictions: list[Prediction], inputs: Inputs) -> str:
    """A row a sample: its name and parts, then per head the class, a probability a class, the attention.

    Of sequences a row a position, which stands after the name. Parts and attention are JSON lists of one order.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    first = predictions[0].answers
    columns = ["position"] if is_sequence(first) else []
    columns += [inputs.parts] if inputs.parts else []
    writer.writerow([inputs.unit, *columns, *chain.from_iterable(map(_columns, first))])
    for one in predictions:
        writer.writerows(_rows(one, inputs))
    return text.getvalue()


def is_sequence(answers: list[Answer]) -> bool:
    """Whether a head answers for every position of a sample."""
    return any(answer.probabilities.ndim > 1 for answer in answers)


def _columns(answer: Answer) -> list[str]:
    head = answer.head
    attention = [f"{head.name} attention"] if len(answer.attention) else []
    return [head.name, *(f"{head.name}: {name}" for name in head.classes), *attention]


def _rows(one: Prediction, inputs: Inputs) -> Iterator[list]:
    parts = [json.dumps(list(one.parts), ensure_ascii=False)] if inputs.parts else []
    if not is_sequence(one.answers):
        yield [one.name, *parts, *chain.from_iterable(_cells(answer, answer.probabilities) for answer in one.answers)]
        return
    length = max(len(answer.probabilities) for answer in one.answers if answer.probabilities.ndim > 1)
    rows = [np.broadcast_to(answer.probabilities, (length, len(answer.head.classes))) for answer in one.answers]
    for position in range(length):
        cells = (_cells(answer, row[position]) for answer, row in zip(one.answers, rows))
        yield [one.name, position, *parts, *chain.from_iterable(cells)]


def _cells(answer: Answer, probabilities: np.ndarray) -> list:
    """probabilities: (C,)"""
    attention = [json.dumps(rounded(answer.attention.tolist()))] if len(answer.attention) else []
    return [answer.head.classes[probabilities.argmax()], *rounded(probabilities.tolist()), *attention]


FORMATS: dict[str, Format] = {"text": as_text, "csv": as_csv}
"""The formats of every recipe."""
