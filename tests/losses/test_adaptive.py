"""Adaptive focal loss: its factors in numbers worked out by hand, its limits, and focal loss where they are even."""

from dataclasses import replace

import pytest
import torch

from tailwise.core.errors import UserError
from tailwise.core.params.typed import convert
from tailwise.losses.head.adaptive import Adaptive, AdaptiveFocal
from tailwise.losses.head.boost import ClassBoost, boosted_cross_entropy
from tailwise.losses.head.focal import Focal
from tailwise.losses.head.kinds import PLAIN

RULE = AdaptiveFocal("adaptive_focal", gamma=2.0, smoothing=0.5, max_factor=3.0, prior_samples=0.0)
COUNTS = torch.tensor([6.0, 2.0])


def test_factors_are_errors_against_their_mean():
    """Errors 0.1, 0.1, 0.7 with 0.05 each, whose mean is 0.35."""
    assert RULE.factors([0.9, 0.9, 0.3]) == pytest.approx([1, 1, 0.75 / 0.35])
    assert RULE.factors([0.5, 0.5]) == [1, 1]


def test_factors_are_bounded():
    assert RULE.factors([1.0] * 9 + [0.0]) == [1.0] * 9 + [3.0]
    assert replace(RULE, max_factor=1.5).factors([0.9, 0.9, 0.3]) == [1, 1, 1.5]


def test_recalls_are_smoothed_over_epochs():
    first = RULE.follow([], [3, 1], [4, 2])
    assert first == [0.75, 0.5]
    assert RULE.follow(first, [4, 0], [4, 2]) == [0.875, 0.25]
    assert replace(RULE, smoothing=0.0).follow(first, [4, 0], [4, 2]) == [1, 0]


def test_few_labels_are_shrunk_towards_the_mean_recall():
    rule = replace(RULE, prior_samples=2.0)
    assert rule.follow([], [2, 0], [2, 1]) == pytest.approx([3 / 4, 1 / 3])
    assert rule.follow([], [4, 0], [4, 0]) == [1, 1] and RULE.follow([], [4, 0], [4, 0]) == [1, 1]
    assert RULE.follow([], [0, 0], [0, 0]) == [0, 0]


def test_even_factors_are_focal_loss():
    logits, targets = torch.randn(8, 2, generator=torch.Generator().manual_seed(0)), torch.tensor([0, 1] * 4)
    boost = ClassBoost(torch.ones(2), COUNTS, loss=RULE)
    focal = boosted_cross_entropy(logits, targets, replace(boost, loss=Focal("focal", 2.0)))
    assert torch.equal(boosted_cross_entropy(logits, targets, boost), focal)
    even = replace(boost, factors=torch.ones(2))
    torch.testing.assert_close(boosted_cross_entropy(logits, targets, even), focal)


@pytest.mark.parametrize(("apply_as", "weights"), [("margin", [0.8, 1.6]), ("weight", [0.5, 2.5])])
def test_factors_multiply_the_weights_whose_mean_stays_one(apply_as, weights):
    boost = ClassBoost(torch.tensor([1.0, 2.5]), COUNTS, apply_as, RULE, factors=torch.tensor([1.0, 2.0]))
    expected = torch.tensor(weights) if apply_as == "margin" else torch.tensor([1.0, 5.0]) * 8 / 16
    torch.testing.assert_close(boost.weights(), expected)
    assert (boost.weights() * COUNTS).sum() == pytest.approx(8)
    assert boost.to(torch.device("meta")).factors.device.type == "meta"


def test_only_it_adapts():
    assert (
        isinstance(RULE, Adaptive) and not isinstance(PLAIN, Adaptive) and not isinstance(Focal("focal", 1), Adaptive)
    )


@pytest.mark.parametrize(("wrong", "says"), [
    ({"gamma": 0}, "gamma must be positive"), ({"smoothing": 1}, r"smoothing must be in \[0, 1\)"),
    ({"max_factor": 1}, r"1 is \{kind: focal\}"), ({"prior_samples": -1}, "prior_samples must not"),
])  # fmt: skip
def test_wrong_options_are_refused(wrong, says):
    with pytest.raises(UserError, match=says):
        convert(AdaptiveFocal, {"kind": "adaptive_focal", **wrong}, "loss")
