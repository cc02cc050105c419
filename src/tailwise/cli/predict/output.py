"""Predictions as human-readable text or CSV."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from itertools import chain
from typing import TYPE_CHECKING

from tailwise.core.errors import escape
from tailwise.core.files import csv_text, rounded
from tailwise.recipes.prediction import Inputs, Prediction

if TYPE_CHECKING:
    import numpy as np

    from tailwise.metrics.predictions import Predictions

Format = Callable[[list[Prediction], Inputs], str]
"""(predictions, at least one; the inputs) -> the file"""


def as_text(predictions: list[Prediction], inputs: Inputs) -> str:
    """Per sample and head the classes, most probable first, and the attention; for sequences one line per position."""
    lines = chain.from_iterable(_lines(one, inputs.sample_name) for one in predictions)
    return "\n".join(map(escape, lines))


def _lines(one: Prediction, sample_name: str) -> Iterator[str]:
    if one.name:
        yield f"{sample_name} {one.name}"
    for of_head in one.heads:
        yield from _of_sample(of_head) if of_head.positions is None else _of_sequence(of_head, of_head.positions)
        weights = one.attention.get(of_head.head.name, ())
        if len(weights):
            yield "  attention"
            yield from (f"    {weight:.3f}  {part}" for weight, part in zip(weights, one.parts))
    yield ""


def _of_sample(found: Predictions) -> Iterator[str]:
    (probabilities,), classes = found.known_probabilities, found.head.classes
    yield f"{found.head.name}: {classes[found.predicted[0]]}"
    for i in probabilities.argsort(kind="stable")[::-1]:
        yield f"  {probabilities[i]:.3f}  {classes[i]}"


def _of_sequence(found: Predictions, positions: np.ndarray) -> Iterator[str]:
    yield f"{found.head.name}:"
    for position, label, row in zip(positions, found.predicted, found.known_probabilities):
        yield f"  {position:>3}  {row[label]:.3f}  {found.head.classes[label]}"


def as_csv(predictions: list[Prediction], inputs: Inputs) -> str:
    """One row per sample: name and parts, then per head the class, the class probabilities and the attention.

    For sequences one row per position, given after the name. Parts and attention are JSON lists in the same order.
    """
    first = predictions[0]
    columns = ["position"] if is_sequence(first) else []
    columns += [inputs.parts] if inputs.parts else []
    header = [inputs.sample_name, *columns, *chain.from_iterable(_columns(first, of_head) for of_head in first.heads)]
    return csv_text([header, *chain.from_iterable(_rows(one, inputs) for one in predictions)])


def is_sequence(one: Prediction) -> bool:
    """Whether a head predicts a class for every position of a sample."""
    return any(of_head.positions is not None for of_head in one.heads)


def _columns(one: Prediction, found: Predictions) -> list[str]:
    head = found.head
    attention = [f"{head.name} attention"] if head.name in one.attention else []
    return [head.name, *(f"{head.name}: {name}" for name in head.classes), *attention]


def _rows(one: Prediction, inputs: Inputs) -> Iterator[list]:
    """One row per position; predictions of sample-level heads are repeated."""
    parts = [json.dumps(list(one.parts), ensure_ascii=False)] if inputs.parts else []
    for row in range(max(map(len, one.heads))):
        position = [row] if is_sequence(one) else []
        cells = (_cells(one, of_head, 0 if of_head.positions is None else row) for of_head in one.heads)
        yield [one.name, *position, *parts, *chain.from_iterable(cells)]


def _cells(one: Prediction, found: Predictions, row: int) -> list:
    weights = one.attention.get(found.head.name)
    attention = [] if weights is None else [json.dumps(rounded(weights.tolist()))]
    return [found.head.classes[found.predicted[row]], *rounded(found.known_probabilities[row].tolist()), *attention]


FORMATS: dict[str, Format] = {"text": as_text, "csv": as_csv}
"""The formats of every recipe."""
