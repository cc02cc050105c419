"""A head's sums: additive, the same for one label a sample and for one a position."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from tailwise.core.batch import Batch
from tailwise.core.heads import IGNORE, Head
from tailwise.metrics.classification import Classification
from tailwise.metrics.macro_recall import MacroRecall

HEAD = Head("tag", ("a", "b", "c"))
METRIC = Classification(HEAD)


def made(*shape, seed=0):
    rng = torch.Generator().manual_seed(seed)
    targets = torch.randint(0, 3, shape, generator=rng)
    targets[torch.rand(shape, generator=rng) < 0.3] = IGNORE
    return torch.randn(*shape, 3, generator=rng), targets


def part(logits, targets, metric=METRIC):
    return metric.part({"tag": logits}, Batch({}, {"tag": targets}, torch.arange(len(targets))))


@pytest.mark.parametrize("shape", [(40,), (8, 5)])
def test_parts_add_up_to_the_whole(shape):
    logits, targets = made(*shape)
    halves = part(logits[:3], targets[:3]) + part(logits[3:], targets[3:])
    np.testing.assert_allclose(halves, part(logits, targets), rtol=1e-6)


def test_a_sequence_is_its_positions_without_the_padding():
    logits, targets = made(8, 5)
    kept = targets != IGNORE
    np.testing.assert_allclose(part(logits, targets), part(logits[kept], targets[kept]), rtol=1e-6)


def test_the_loss_is_the_mean_over_the_labels():
    logits, targets = made(8, 5)
    mean = F.cross_entropy(logits.reshape(-1, 3), targets.reshape(-1), ignore_index=IGNORE)
    assert METRIC.loss(part(logits, targets)) == pytest.approx(mean.item(), rel=1e-6)


def test_counts_are_by_actual_and_predicted_class():
    logits = 9 * torch.eye(3)[torch.tensor([[0, 1, 1], [2, 2, 0]])]
    total = part(logits, torch.tensor([[0, 1, IGNORE], [2, 1, 1]]))
    assert METRIC.matrix(total).tolist() == [[1, 0, 0], [1, 1, 1], [0, 0, 1]]
    assert METRIC.value(total)["recall"] == {"a": 1.0, "b": pytest.approx(1 / 3), "c": 1.0}


@pytest.mark.parametrize("total", [(), np.zeros(11)])
def test_nothing_is_known_of_no_label(total):
    value = METRIC.value(total)
    assert METRIC.matrix(total).tolist() == [[0] * 3] * 3 and METRIC.loss(total) == 0
    assert value.pop("recall") == {"a": None, "b": None, "c": None} and set(value.values()) == {None}


def test_macro_recall_is_the_mean_over_the_heads_that_have_labels():
    other = Head("other", ("x", "y"))
    logits = {"tag": 9 * torch.eye(3)[torch.tensor([0, 1, 1, 1])], "other": torch.zeros(4, 2)}
    targets = {"tag": torch.tensor([0, 1, 2, 1]), "other": torch.tensor([0, 1, 1, 0])}
    batch = Batch({}, targets, torch.arange(4))
    assert MacroRecall((HEAD,)).value(MacroRecall((HEAD,)).part(logits, batch)) == pytest.approx(2 / 3)
    both = MacroRecall((HEAD, other), scale=100)
    assert both.value(both.part(logits, batch)) == pytest.approx(100 * (2 / 3 + 1 / 2) / 2)
    targets["other"][:] = IGNORE
    assert both.value(both.part(logits, batch)) == pytest.approx(100 * 2 / 3)
    targets["tag"][:] = IGNORE
    assert both.value(both.part(logits, batch)) is None
