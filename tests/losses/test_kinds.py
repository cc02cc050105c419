"""Kinds of loss against hand-written values, against cross entropy where they must equal it, and within a boost."""

import math
from dataclasses import replace

import pytest
import torch

from tailwise.core.heads import IGNORE
from tailwise.core.params.typed import convert
from tailwise.losses.head.boost import ClassBoost, boosted_cross_entropy
from tailwise.losses.head.cross_entropy import CrossEntropy, cross_entropy
from tailwise.losses.head.focal import Focal, focal
from tailwise.losses.head.kinds import PLAIN, Loss
from tailwise.losses.head.ldam import LDAM, ldam_margins

COUNTS = torch.tensor([16.0, 1.0])
EVEN = ClassBoost(torch.ones(2), COUNTS)
THREE = torch.tensor([[math.log(3.0), 0.0]])  # probabilities 0.75, 0.25


def of(kind, logits, targets, boost=EVEN, share=None):
    return boosted_cross_entropy(logits, torch.tensor(targets), replace(boost, loss=kind), share).item()


@pytest.mark.parametrize(
    ("kind", "target", "expected"),
    [
        (PLAIN, 0, -math.log(0.75)),
        (CrossEntropy("cross_entropy", 0.2), 0, -0.9 * math.log(0.75) - 0.1 * math.log(0.25)),
        (Focal("focal", 2.0), 0, -0.0625 * math.log(0.75)),
        (Focal("focal", 2.0), 1, -0.5625 * math.log(0.25)),
        (LDAM("ldam", 0.5), 0, math.log(1 + math.exp(0.25) / 3)),  # margins: 0.5 * (1 / 16)^(1/4) = 0.25, and 0.5
        (LDAM("ldam", 0.5), 1, math.log(1 + 3 * math.exp(0.5))),
        (LDAM("ldam", 0.5, 2.0), 1, math.log(1 + math.exp(2 * (math.log(3) + 0.5)))),
    ],
    ids=str,
)
def test_a_label_by_hand(kind, target, expected):
    assert of(kind, THREE, [target]) == pytest.approx(expected, rel=1e-6)


KINDS = [CrossEntropy("cross_entropy", 0.1), Focal("focal", 1.5), LDAM("ldam", 0.5, 3.0)]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.kind)
def test_sums_add_up_and_what_has_no_label_counts_nowhere(kind):
    logits, targets = torch.randn(5, 3, 2, generator=torch.Generator().manual_seed(0)), [[0, 1, IGNORE]] * 5
    whole = of(kind, logits, targets)
    assert whole == pytest.approx(of(kind, logits[:2], targets[:2]) + of(kind, logits[2:], targets[2:]), rel=1e-5)
    assert whole == pytest.approx(of(kind, logits[:, :2], [[0, 1]] * 5), rel=1e-5)
    assert of(kind, logits, [[IGNORE] * 3] * 5) == 0


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.kind)
def test_weights_and_shares_multiply_each_label(kind):
    boost = ClassBoost(torch.tensor([1.0, 5.0]), torch.tensor([3.0, 1.0]))  # weights 4 / 8 and 20 / 8
    logits = THREE.expand(2, 2)
    each = [of(kind, THREE, [target], replace(EVEN, counts=boost.counts)) for target in (0, 1)]
    expected = 0.5 * 0.25 * each[0] + 2.5 * 2 * each[1]
    assert of(kind, logits, [0, 1], boost, torch.tensor([0.25, 2.0])) == pytest.approx(expected, rel=1e-5)


def test_margins_act_before_the_loss_looks():
    boost = ClassBoost(torch.tensor([1.0, 3.0]), COUNTS, "margin")  # takes log 3 from class 1
    assert of(Focal("focal", 2.0), torch.tensor([[0.0, 0.0]]), [1], boost) == pytest.approx(-0.5625 * math.log(0.25))


def test_the_limits_of_each_kind_are_cross_entropy():
    logits, targets = torch.randn(9, 2, generator=torch.Generator().manual_seed(1)), torch.tensor([0, 1, 1] * 3)
    plain = cross_entropy(logits, targets).item()
    assert focal(logits, targets, 0.0).sum().item() == pytest.approx(plain, rel=1e-5)
    assert of(LDAM("ldam", 1e-9), logits, targets.tolist()) == pytest.approx(plain, rel=1e-5)
    assert boosted_cross_entropy(logits, targets, EVEN).equal(cross_entropy(logits, targets, torch.ones(2)))


def test_focal_has_a_finite_gradient_where_it_is_certain():
    logits = torch.tensor([[200.0, 0.0]], requires_grad=True)
    focal(logits, torch.tensor([0]), 0.5).sum().backward()
    assert torch.isfinite(logits.grad).all()


def test_ldam_knows_samples_not_draws():
    assert ldam_margins(torch.tensor([16.0, 1.0, 0.0]), 0.5).tolist() == [0.25, 0.5, 0]
    drawn = replace(EVEN, counts=torch.tensor([16.0, 16.0]), samples=COUNTS)
    assert of(LDAM("ldam", 0.5), THREE, [1], drawn) == of(LDAM("ldam", 0.5), THREE, [1])


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"kind": "cross_entropy"}, PLAIN),
        ({"kind": "focal", "gamma": 2}, Focal("focal", 2.0)),
        ({"kind": "ldam", "max_margin": 0.5}, LDAM("ldam", 0.5, 1.0)),
    ],
    ids=str,
)
def test_kinds_are_read_from_params(values, expected):
    assert convert(Loss, values, "loss") == expected


@pytest.mark.parametrize("wrong", [{"max_margin": 0}, {"max_margin": 1, "scale": 0}])
def test_ldam_needs_positive_numbers(wrong):
    with pytest.raises(ValueError, match="must be positive"):
        LDAM("ldam", **wrong)
