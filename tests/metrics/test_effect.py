"""Effect size, power and McNemar's test against tables, scipy and simulation."""

import math

import numpy as np
import pytest
from scipy.stats import ttest_rel

from tailwise.metrics.effect import MOST_SEEDS, hedges_g, mcnemar, paired_power, seeds_needed

RNG = np.random.default_rng(3)


def test_the_correction_is_close_to_the_usual_approximation():
    for count in (5, 10, 40):
        values = RNG.normal(1, 2, count)
        d = values.mean() / values.std(ddof=1)
        assert hedges_g(values.tolist()) == pytest.approx(d * (1 - 3 / (4 * (count - 1) - 1)), rel=5e-3)


def test_the_correction_takes_away_the_bias_of_few_seeds():
    """Of 5 differences with a true effect of 1, Cohen's d is 1.25 on average."""
    found = [hedges_g(values.tolist()) for values in RNG.normal(1, 1, (20_000, 5))]
    assert np.mean(found) == pytest.approx(1.0, abs=0.02)


def test_an_effect_needs_three_differences_and_a_spread():
    assert hedges_g([0.1, 0.2]) is None and hedges_g([0.5, 0.5, 0.5]) is None
    assert hedges_g([0.1, 0.2, 0.3]) == pytest.approx(2 * math.exp(math.lgamma(1) - math.lgamma(0.5)))


@pytest.mark.parametrize(("effect", "count"), [(0.2, 199), (0.5, 34), (0.8, 15), (1.0, 10)])
def test_the_seeds_needed_are_those_of_the_tables(effect, count):
    """As G*Power and statsmodels' TTestPower have them: two-sided, 5 %, power 80 %."""
    assert seeds_needed(effect, 1.0) == count == seeds_needed(0.02 * effect, 0.02)


def test_the_power_is_that_of_a_simulation():
    differences = RNG.normal(1.0, 1.0, (20_000, 6))
    p = ttest_rel(differences, np.zeros_like(differences), axis=1).pvalue
    assert paired_power(1.0, 1.0, 6) == pytest.approx((p < 0.05).mean(), abs=0.01)


@pytest.mark.parametrize("ratio", [0.01, 0.3, 1.0, 3.0, 30.0, 1e6])
def test_power_grows_with_the_seeds_and_is_a_number_everywhere(ratio):
    powers = [paired_power(ratio, 1.0, count) for count in (2, 3, 5, 10, 100, 300, 500, 1000)]
    assert all(0 <= power <= 1 for power in powers) and powers == pytest.approx(sorted(powers), abs=1e-9)


def test_too_small_a_difference_has_no_number_and_no_spread_needs_two_seeds():
    assert seeds_needed(0.01, 1.0) is None and seeds_needed(0.02, 0.0) == 2
    assert paired_power(0.01, 1.0, MOST_SEEDS) < 0.8


def test_mcnemar_counts_only_what_one_model_alone_has_right():
    own = np.array([True] * 10 + [False] * 2 + [True] * 50 + [False] * 3)
    other = np.array([False] * 10 + [True] * 2 + [True] * 50 + [False] * 3)
    found = mcnemar(own, other)
    exact = 2 * sum(math.comb(12, k) for k in range(3)) / 2**12
    assert (found.own, found.other) == (10, 2) and found.p == pytest.approx(exact)
    assert mcnemar(own, own).p == 1.0 and mcnemar(other, own).p == pytest.approx(exact)
