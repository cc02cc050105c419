"""What rules on measured properties answer of a split."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from tailwise.core.errors import UserError
from tailwise.core.heads import Head
from tailwise.metrics.predictions import Predictions
from tailwise.recipes.logos.index import Source
from tailwise.recipes.logos.properties.pixels import MEASURES
from tailwise.recipes.logos.properties.rules import Fitting, Rules, fit_rules
from tailwise.recipes.logos.properties.table import measure_files
from tailwise.recipes.logos.readers.logo import HEAD

Rows = Sequence[Mapping[str, str]]
"""Of an index table."""
Measured = Mapping[str, np.ndarray]
"""{path: measures}, without the images that cannot be measured"""


def measure_rows(rows: Rows, source: Source, workers: int) -> Measured:
    """The measures of these rows' images. workers: processes"""
    paths = sorted({row["path"] for row in rows})
    return measure_files(paths, partial(source.reader.read, Path(source.root)), workers)[0]


def fitted(rows: Rows, measured: Measured, how: Fitting) -> Rules:
    """Rules fitted to the labelled rows; UserError if none could be measured."""
    known = [row for row in rows if row["path"] in measured and row[HEAD]]
    if not known:
        raise UserError("no training image with a label can be measured: see quarantine.csv in data/prepared/train")
    values = np.array([measured[row["path"]] for row in known])
    return fit_rules(values, [row[HEAD] for row in known], MEASURES, how)


def answers(rules: Rules, head: Head, rows: Rows, measured: Measured) -> Predictions:
    """The rules' probabilities (N, C); even ones for an image that cannot be measured."""
    known = [place for place, row in enumerate(rows) if row["path"] in measured]
    probabilities = np.full((len(rows), len(head.classes)), 1 / len(head.classes))
    if known:
        columns = [head.classes.index(name) for name in rules.classes]
        probabilities[known] = 0.0
        values = np.array([measured[rows[place]["path"]] for place in known])
        probabilities[np.ix_(known, columns)] = rules.probabilities(values)
    targets = np.array([head.id(row[head.name]) for row in rows], np.int64)
    names, groups = ([row[column] for row in rows] for column in ("sample", "group"))
    return Predictions(head, names, groups, targets, probabilities.argmax(axis=1), probabilities)
