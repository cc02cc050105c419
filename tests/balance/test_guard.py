"""The effective weight of a class, by hand, and the guard that compares classes."""

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
    assert "draws x weight of rare would be 80.0 times that of often, and balance.max_effective_ratio is 10" in str(
        refused.value
    )
    assert "rare: 8.00 draws x 5.50 weight x 1.00 margin = 44.00" in str(refused.value)
    assert "often: 1.00 draws x 0.55 weight x 1.00 margin = 0.55" in str(refused.value)
    check_ratio("phase2", "action", classes, Balance(80.001))


@pytest.mark.parametrize("name", ["max_effective_ratio", "max_margin_ratio"])
def test_a_limit_below_one_is_refused(name):
    with pytest.raises(ValueError, match=f"{name} must be at least 1"):
        Balance(**{"max_effective_ratio": 40, name: 0.9})


SEVERITY, BOTH = {"most": 393, "least": 8}, {"most": 1.0, "least": 393 / 8}


def test_the_whole_margin_passes_where_the_same_weight_is_refused():
    balance = Balance(40)
    check_ratio("phase1", "severity", effective_weights(SEVERITY, SEVERITY, BOTH, "margin"), balance)
    with pytest.raises(
        UserError, match="draws x weight of least would be 49.1 times that of most, and balance.max_eff"
    ):
        check_ratio("phase1", "severity", effective_weights(SEVERITY, SEVERITY, BOTH, "weight"), balance)
    with pytest.raises(
        UserError, match="the margin of least would be 49.1 times that of most, and balance.max_margin_"
    ):
        check_ratio("phase1", "severity", effective_weights(SEVERITY, SEVERITY, BOTH, "margin"), Balance(60, 49))


def test_the_product_stays_within_the_larger_limit():
    classes = effective_weights(SEVERITY, {"most": 393, "least": 24}, BOTH, "margin")
    with pytest.raises(
        UserError, match="draws x weight x margin of least would be 147.4 times .*max_margin_ratio is 100"
    ):
        check_ratio("phase1", "severity", classes, Balance(40))
    check_ratio("phase1", "severity", classes, Balance(40, 148))
    check_ratio("phase1", "severity", classes, Balance(148, 50))


def test_a_class_that_is_never_drawn_is_refused():
    with pytest.raises(UserError, match="phase1: head action: no sample of rare would be drawn; raise phase1.samples"):
        check_drawn("phase1", "action", COUNTS, {"often": 5, "rare": 0, "once": 1, "never": 0})
    check_drawn("phase1", "action", COUNTS, {"often": 5, "rare": 1, "once": 1, "never": 0})
