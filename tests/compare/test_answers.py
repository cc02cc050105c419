"""Two fixed models on the same samples."""

import numpy as np
import pytest

from support.compare.made import HEAD, answers
from tailwise.compare.answers import bootstrap, compare_models
from tailwise.evaluation.intervals import intervals
from tailwise.metrics.predictions import Predictions

RNG = np.random.default_rng(5)


def test_a_model_does_not_differ_from_itself():
    model = answers(RNG.random(40) < 0.7)
    found = compare_models(model, model)
    assert all((span.value, span.low, span.high) == (0, 0, 0) for span in found.differences.values())
    assert found.test.p == 1.0 and (found.samples, found.groups) == (40, 20)


def test_the_difference_is_that_of_the_figures_of_each():
    own, other = answers(RNG.random(60) < 0.9), answers(RNG.random(60) < 0.5)
    found = compare_models(own, other).differences
    each = [intervals(of.targets, of.predicted, of.groups, 2, draws=10) for of in (own, other)]
    for name, span in found.items():
        assert span.value == pytest.approx(each[0][name].value - each[1][name].value)
        assert span.low < span.value < span.high
    turned = compare_models(other, own).differences
    assert turned["macro_recall"].value == -found["macro_recall"].value
    assert turned["macro_recall"].low == pytest.approx(-found["macro_recall"].high)


def test_rows_are_paired_by_sample_in_whatever_order_they_are():
    own, other = answers(RNG.random(30) < 0.8), answers(RNG.random(30) < 0.6)
    shuffled = other.take(RNG.permutation(30))
    assert compare_models(own, shuffled) == compare_models(own, other)


def test_mistakes_that_both_make_cancel_out():
    """Two models that differ on a tenth of the samples: the paired interval is narrower than each model's own."""
    hits = RNG.random(400) < 0.5
    own, other = answers(hits), answers(hits & (np.arange(400) % 10 > 0))
    span = bootstrap(own.targets, (own.predicted, other.predicted), own.groups, 2, draws=500)["macro_recall"]
    alone = intervals(own.targets, own.predicted, own.groups, 2, draws=500)["macro_recall"]
    assert span.high - span.low < 0.6 * (alone.high - alone.low)


def test_samples_of_a_group_are_drawn_together():
    """With every sample twice the interval is that of the half."""
    hits, less = RNG.random(100) < 0.8, RNG.random(100) < 0.6
    groups = [f"g{i}" for i in range(100)]
    once = compare_models(answers(hits, groups), answers(less, groups)).differences["accuracy"]
    targets = np.repeat(np.arange(100) % 2, 2)
    twice = [answers(np.repeat(each, 2), np.repeat(groups, 2).tolist(), targets) for each in (hits, less)]
    found = compare_models(*twice).differences["accuracy"]
    assert (found.value, found.low, found.high) == pytest.approx((once.value, once.low, once.high))


def test_positions_have_no_test_of_independent_samples_and_other_samples_are_refused():
    line = Predictions(
        HEAD, ["s"] * 4, ["g"] * 4, np.array([0, 1, 0, 1]), np.array([0, 1, 1, 1]), positions=np.arange(4)
    )
    assert compare_models(line, line).test is None
    with pytest.raises(ValueError, match="same samples"):
        compare_models(answers([1, 0]), answers([1, 0, 1]))
