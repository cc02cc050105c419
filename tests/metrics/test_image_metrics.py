"""Shares of predictions, and the log variances of right and wrong answers: sums that add up."""

import numpy as np
import pytest
import torch

from tailwise.core.batch import Batch
from tailwise.core.heads import IGNORE, Head
from tailwise.metrics.dotted import dotted
from tailwise.metrics.image.shares import PredictedShares
from tailwise.metrics.image.uncertainty import Uncertainty

HEAD = Head("kind", ("a", "b", "c"))
SHARES, DOUBT = PredictedShares(HEAD), Uncertainty(HEAD, "uncertainty")


def batch(predicted, targets, log_variance=None):
    logits = torch.nn.functional.one_hot(torch.tensor(predicted), 3).float()
    variances = torch.tensor(log_variance or [0.0] * len(predicted))[:, None]
    return {"kind": logits, "uncertainty": variances}, Batch(
        {}, {"kind": torch.tensor(targets)}, torch.arange(len(targets))
    )


def test_shares_are_of_samples_with_a_label():
    total = SHARES.part(*batch([0, 0, 2, 1], [0, 1, 2, IGNORE])) + SHARES.part(*batch([0], [1]))
    assert SHARES.value(total) == {"largest": 0.75, "share": {"a": 0.75, "b": 0.0, "c": 0.25}}
    empty = SHARES.part(*batch([0], [IGNORE]))
    assert SHARES.value(empty) == {"largest": None, "share": dict.fromkeys("abc")}


def test_separation_is_in_standard_deviations():
    one, other = batch([0, 1], [0, 2], [-1.0, 3.0]), batch([0, 0, 1], [0, 2, IGNORE], [1.0, 1.0, 99.0])
    total = DOUBT.part(*one) + DOUBT.part(*other)
    found = DOUBT.value(total)
    assert found["right"] == 0 and found["wrong"] == 2
    assert found["separation"] == pytest.approx(2 / np.std([-1, 3, 1, 1]))


def test_unknown_where_all_are_right_and_zero_where_all_are_as_uncertain():
    assert DOUBT.value(DOUBT.part(*batch([0], [0]))) == {"right": 0.0, "wrong": None, "separation": None}
    assert DOUBT.value(DOUBT.part(*batch([0, 1], [0, 0])))["separation"] == 0
    assert DOUBT.value(np.zeros(6)) == {"right": None, "wrong": None, "separation": None}


def test_every_figure_has_a_name_for_people():
    for metric, total in ((SHARES, np.ones(3)), (DOUBT, np.ones(6))):
        assert metric.labels.keys() == dotted(metric.value(total)).keys()
