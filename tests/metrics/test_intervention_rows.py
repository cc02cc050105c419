"""Interventions: a row of values, and its text."""

import csv
import io
import math
from dataclasses import astuple

import pytest

from tailwise.metrics.interventions import COLUMNS, Intervention, describe, read_row

SPIKE = Intervention(2, 3, "loss spike", "roll back", 0.5, 16, 0, 9.0, 2.5, 1.2)
ROWS = {
    "loss spike (loss 9, recent median 1.2): rolled back to the last good weights, rate x 0.5": SPIKE,
    "not finite (loss nan, gradient norm inf): batch skipped": Intervention(
        1, 4, "not finite", "skip batch", 1.0, 16, 0, math.nan, math.inf
    ),
    "out of memory: micro-batch 8, same step again": Intervention(
        1, 1, "out of memory", "halve micro-batch", 1.0, 8, 0
    ),
    "frozen layer (a.weight: loss 1.5, gradient norm 0.4): alert": Intervention(
        3, 11, "frozen layer", "alert", 1.0, 4, 1, 1.5, 0.4, None, "a.weight"
    ),
    "exploding gradient (gradient norm 4e+03, recent median 2): fell back to a simpler model, 3 of its 4 tensors "
    "loaded": Intervention(2, 7, "exploding gradient", "fall back", 1.0, 4, 1, 1.0, 4e3, 2.0, "", 3, 4),
    "loss stays high (mean of recent losses 3, 1 before the rollback): rolled back to the last good weights, "
    "rate x 0.25": Intervention(2, 4, "loss stays high", "roll back", 0.25, 4, 0, 3.0, 1.0, 1.0),
}


@pytest.mark.parametrize("text", ROWS)
def test_the_text_follows_from_the_values(text):
    assert describe(ROWS[text]) == text


@pytest.mark.parametrize("text", ROWS)
def test_a_row_is_read_as_it_was_written(text):
    file = io.StringIO()
    csv.writer(file).writerows([COLUMNS, astuple(ROWS[text])])
    (row,) = csv.DictReader(file.getvalue().splitlines())
    assert repr(read_row(row)) == repr(ROWS[text])
