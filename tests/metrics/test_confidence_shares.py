"""Shares of sure answers, by hand and on sequences."""

import numpy as np
import pytest
import torch

from tailwise.core.batch import Batch
from tailwise.core.heads import IGNORE, Head
from tailwise.metrics.confidence import Confidence

HEAD = Head("section", ("verse", "chorus"))


def part(metric, probabilities, targets):
    first = torch.tensor(probabilities, dtype=torch.float64)
    logits = torch.stack([first, 1 - first], dim=-1).log()
    return metric.part({"section": logits}, Batch({}, {"section": torch.tensor(targets)}, torch.arange(len(targets))))


def test_shares_by_hand():
    """Confidences 0.99, 0.92, 0.6 and, of the other class, 0.8; the second is wrong. The last has no label."""
    total = part(Confidence(HEAD), [[0.99, 0.92, 0.6], [0.2, 1.0, 1.0]], [[0, 1, 0], [1, IGNORE, IGNORE]])
    found = Confidence(HEAD).value(total)
    assert list(found) == ["mean", "accuracy", "gap", "above_90", "above_95"]
    assert list(found.values()) == pytest.approx([3.31 / 4, 3 / 4, 0.31 / 4, 2 / 4, 1 / 4])


def test_thresholds_are_options_and_parts_add_up():
    metric = Confidence(HEAD, (0.5, 0.975))
    likely, labels = [0.99, 0.98, 0.6, 0.3], [0, 0, 1, 1]
    total = part(metric, likely[:1], labels[:1]) + part(metric, likely[1:], labels[1:])
    assert metric.value(total) == pytest.approx(metric.value(part(metric, likely, labels)))
    assert metric.value(total)["above_97.5"] == 2 / 4 and metric.value(total)["above_50"] == 1


def test_without_labels_nothing_is_known():
    assert set(Confidence(HEAD).value(np.zeros(5)).values()) == {None}
