"""The mistakes that a model was surest of, from its answers on a split."""

import csv
from dataclasses import dataclass
from pathlib import Path

from tailwise.core.errors import UserError


@dataclass(frozen=True)
class Mistake:
    """A sample whose class is another than the predicted one. probabilities: {class: of it}"""

    sample: str
    group: str
    actual: str
    predicted: str
    probabilities: dict[str, float]


def read_mistakes(path: Path) -> list[Mistake]:
    """Those of one head, in the order of the file that `evaluate` wrote."""
    try:
        with open(path, encoding="utf8", newline="") as file:
            header, *rows = csv.reader(file)
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}") from error
    classes = header[4:]  # by place: a class may be called like a column
    wrong = [row for row in rows if row[2] != row[3]]
    return [Mistake(*row[:4], dict(zip(classes, map(float, row[4:])))) for row in wrong]


def surest(mistakes: list[Mistake], count: int) -> list[Mistake]:
    """Up to `count`, the highest probability of the predicted class first; equals by the sample's name."""
    return sorted(mistakes, key=lambda one: (-one.probabilities[one.predicted], one.sample))[:count]
