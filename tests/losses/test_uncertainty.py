"""Weights of losses that are learned from uncertainty, computed by hand."""

import math

import pytest
import torch

from tailwise.core.batch import Batch
from tailwise.core.heads import IGNORE
from tailwise.losses.uncertainty import log_variance_output, log_variances, weigh_by_uncertainty


def batch(labels):
    return Batch({}, {"contact": torch.tensor(labels)}, torch.arange(len(labels)))


def test_a_loss_and_the_gradient_of_its_log_variance():
    """Two of three labels, their cross entropies 5 in sum, exp(-s) = 1/2: 5 / 2 + 2 * log(2) / 2."""
    s = torch.tensor(math.log(2.0), requires_grad=True)
    found = weigh_by_uncertainty(
        {"contact": torch.tensor(5.0), "action": torch.tensor(3.0)},
        {log_variance_output("contact"): s},
        batch([0, 1, IGNORE]),
    )
    assert found["contact"].item() == pytest.approx(2.5 + math.log(2)) and found["action"].item() == 3.0
    (found["contact"] / 2).backward()  # as the engine divides
    assert s.grad.item() == pytest.approx(-0.5 * 2.5 + 0.5)


def test_a_loss_that_is_no_heads_counts_the_samples():
    s = {log_variance_output("per_view"): torch.tensor(1.0)}
    found = weigh_by_uncertainty({"per_view": torch.tensor(4.0)}, s, batch([0, IGNORE, IGNORE]))
    assert found["per_view"].item() == pytest.approx(4 / math.e + 3 / 2)


def test_without_labels_nothing_moves():
    s = torch.tensor(0.7, requires_grad=True)
    sums = {"contact": torch.tensor(0.0)}
    found = weigh_by_uncertainty(sums, {log_variance_output("contact"): s}, batch([IGNORE]))["contact"]
    found.backward()
    assert found.item() == s.grad.item() == 0.0


def test_micro_batches_add_up():
    s = {log_variance_output("contact"): torch.tensor(0.3)}
    whole = weigh_by_uncertainty({"contact": torch.tensor(5.0)}, s, batch([0, 1, IGNORE]))
    parts = [
        weigh_by_uncertainty({"contact": torch.tensor(x)}, s, batch(y)) for x, y in ((4.0, [0, IGNORE]), (1.0, [1]))
    ]
    assert whole["contact"].item() == pytest.approx(sum(part["contact"].item() for part in parts))


@pytest.mark.parametrize("loss", [0.1, 0.5, 3.0])
def test_the_learned_weight_of_a_constant_loss_is_the_half_of_its_inverse(loss):
    learned = log_variances(["contact"])
    optimizer = torch.optim.SGD(learned.parameters(), lr=0.2)
    assert learned["contact"].item() == 0.0
    for _ in range(500):
        optimizer.zero_grad()
        outputs = {log_variance_output("contact"): learned["contact"]}
        weigh_by_uncertainty({"contact": torch.tensor(loss)}, outputs, batch([0]))["contact"].backward()
        optimizer.step()
    assert (-learned["contact"]).exp().item() == pytest.approx(1 / (2 * loss), rel=1e-3)
