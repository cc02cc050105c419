"""The expected calibration error, by hand and against its formula."""

import numpy as np
import pytest
import torch

from tailwise.core.batch import Batch
from tailwise.core.heads import IGNORE, Head
from tailwise.metrics.calibration.error import CalibrationError

HEAD = Head("tag", ("a", "b"))


def part(metric, probabilities, targets):
    return metric.part({"tag": probabilities.log()}, Batch({}, {"tag": targets}, torch.arange(len(targets))))


def test_by_hand():
    """Two of four right at a confidence of 0.9, both right at 0.6: (4 * 0.4 + 2 * 0.4) / 6."""
    likely = torch.tensor([[0.9, 0.1]] * 4 + [[0.4, 0.6]] * 2)
    targets = torch.tensor([0, 0, 1, 1, 1, 1])
    metric = CalibrationError(HEAD, bins=10)
    assert metric.value(part(metric, likely, targets)) == pytest.approx((4 * 0.4 + 2 * 0.4) / 6)


@pytest.mark.parametrize("shape", [(200,), (40, 5)])
def test_it_is_the_formula_over_the_labels_and_adds_up(shape):
    rng = np.random.default_rng(0)
    likely = torch.from_numpy(rng.dirichlet([1, 1], shape)).float()
    targets = torch.from_numpy(rng.integers(0, 2, shape))
    targets[::4] = IGNORE
    metric, kept = CalibrationError(HEAD), (targets != IGNORE).numpy()
    confidence = likely.numpy()[kept].max(axis=1)
    right = likely.numpy()[kept].argmax(axis=1) == targets.numpy()[kept]
    expected = 0.0
    for low, high in zip(np.linspace(0, 1, 16), np.linspace(0, 1, 16)[1:]):
        inside = (confidence > low) & (confidence <= high)
        if inside.any():
            expected += inside.mean() * abs(confidence[inside].mean() - right[inside].mean())
    total = part(metric, likely[:7], targets[:7]) + part(metric, likely[7:], targets[7:])
    assert metric.value(total) == pytest.approx(expected, abs=1e-6)


def test_certain_and_right_is_no_error_and_no_label_is_unknown():
    metric = CalibrationError(HEAD)
    assert metric.value(part(metric, torch.eye(2), torch.tensor([0, 1]))) == 0
    assert metric.value(np.zeros(45)) is None
