"""The effective weight of a class against hand-computed values, and the guard that compares classes."""

import pytest

from tailwise.balance.guard import (
    Balance,
    EffectiveWeight,
    check_drawn,
    check_ratio,
    effective_ratio,
    effective_weights,
)
from tailwise.core.errors import UserError

COUNTS = {"often": 100, "rare": 10, "once": 1, "never": 0}
BOOST = {"often": 1.0, "rare": 3.0, "once": 5.0, "never": 1.0}


def test_in_the_loss_the_weights_have_mean_one_over_the_draws():
    classes = effective_weights(COUNTS, {"often": 50, "rare": 10, "once": 8, "never": 0}, BOOST, "weight")
    scale = 68 / (50 + 30 + 40)
    assert list(classes) == ["often", "rare", "once"]
    assert classes["often"] == EffectiveWeight(0.5, pytest.approx(scale), 1.0)
    assert classes["rare"] == EffectiveWeight(1.0, pytest.approx(3 * scale), 1.0)
    assert classes["once"] == EffectiveWeight(8.0, pytest.approx(5 * scale), 1.0)
    assert effective_ratio(classes) == pytest.approx(8 * 5 / 0.5)


def test_in_the_logits_the_margin_is_the_boost_and_the_weights_are_one():
    classes = effective_weights(COUNTS, COUNTS, BOOST, "margin")
    assert classes["rare"] == EffectiveWeight(1.0, 1.0, 3.0)
    assert effective_ratio(classes) == pytest.approx(5)


@pytest.mark.parametrize("apply_as", ["weight", "margin"])
def test_both_places_give_the_same_ratio(apply_as):
    assert effective_ratio(effective_weights(COUNTS, COUNTS, BOOST, apply_as)) == pytest.approx(5)


def test_without_a_draw_there_is_nothing_to_compare():
    assert effective_ratio(effective_weights(COUNTS, dict.fromkeys(COUNTS, 0), BOOST, "weight")) == 1


def test_ten_times_the_weight_on_eight_times_the_draws_is_refused_with_the_factors():
    counts, drawn = {"often": 800, "rare": 10}, {"often": 800, "rare": 80}
    classes = effective_weights(counts, drawn, {"often": 1.0, "rare": 10.0}, "weight")
    with pytest.raises(UserError) as refused:
        check_ratio("phase2", "action", classes, Balance(10))
    assert "effective weight of rare would be 80.0 times that of often" in str(refused.value)
    assert "rare: 8.00 draws x 5.50 weight x 1.00 margin = 44.00" in str(refused.value)
    assert "often: 1.00 draws x 0.55 weight x 1.00 margin = 0.55" in str(refused.value)
    check_ratio("phase2", "action", classes, Balance(80.001))


def test_margins_alone_have_a_limit_of_their_own_and_share_the_other_with_draws():
    counts, boost = {"often": 800, "rare": 10}, {"often": 1.0, "rare": 50.0}
    margins = effective_weights(counts, counts, boost, "margin")
    check_ratio("phase2", "action", margins, Balance(10, max_margin_ratio=50))
    with pytest.raises(UserError, match="would be 50.0 times that of often, and balance.max_margin_ratio is 49"):
        check_ratio("phase2", "action", margins, Balance(100, max_margin_ratio=49))
    both = effective_weights(counts, {"often": 800, "rare": 20}, boost, "margin")
    with pytest.raises(UserError, match="would be 100.0 times that of often, and balance.max_effective_ratio is 99"):
        check_ratio("phase2", "action", both, Balance(99, max_margin_ratio=1000))


def test_a_limit_below_one_is_refused():
    with pytest.raises(ValueError, match="max_effective_ratio must be at least 1"):
        Balance(0.9)
    with pytest.raises(ValueError, match="max_margin_ratio must be at least 1"):
        Balance(1, max_margin_ratio=0.9)


def test_a_class_that_is_never_drawn_is_refused():
    with pytest.raises(UserError, match="phase1: head action: no sample of rare would be drawn; raise phase1.samples"):
        check_drawn("phase1", "action", COUNTS, {"often": 5, "rare": 0, "once": 1, "never": 0})
    check_drawn("phase1", "action", COUNTS, {"often": 5, "rare": 1, "once": 1, "never": 0})
