"""What a head said of each sample of a split, and what is true: all that judging takes of a model."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tailwise.core.errors import UserError
from tailwise.core.files import read_csv


@dataclass(frozen=True)
class Outcomes:
    """samples, groups: N names; targets, predictions: class ids (N,), a target below 0 is a missing label"""

    classes: tuple[str, ...]
    samples: Sequence[str]
    groups: Sequence[str]
    targets: np.ndarray
    predictions: np.ndarray


def read_outcomes(path: Path, classes: Sequence[str]) -> Outcomes:
    """From a table with columns sample, group, actual and predicted; raises UserError for another's."""
    rows, ids = read_csv(path), {name: i for i, name in enumerate(classes)}
    try:
        actual, predicted = ([ids[row[column]] for row in rows] for column in ("actual", "predicted"))
        names, groups = ([row[column] for row in rows] for column in ("sample", "group"))
    except KeyError as error:
        raise UserError(f"{path}: no such column or class: {error}; run the stage that writes it again") from error
    return Outcomes(tuple(classes), names, groups, np.array(actual, np.int64), np.array(predicted, np.int64))
