"""Boosts against hand-computed values: from counts, and raised for weak classes."""

import pytest

from tailwise.balance.boosts import (
    EffectiveNumber,
    Inverse,
    SquareRoot,
    Target,
    boost_from_counts,
    raise_weak,
    shrunk_recall,
)

INVERSE = Inverse("inverse")
COUNTS = {"often": 100, "half": 50, "rare": 10, "once": 1, "never": 0}


@pytest.mark.parametrize(
    ("cap", "expected"),
    [
        (1.0, [1, 1, 1, 1, 1]),
        (1.5, [1, 1.5, 1.5, 1.5, 1]),
        (5.0, [1, 2, 5, 5, 1]),
        (20.0, [1, 2, 10, 20, 1]),
        (1e9, [1, 2, 10, 100, 1]),
    ],
)
def test_a_boost_is_the_ratio_of_counts_up_to_the_cap(cap, expected):
    assert list(boost_from_counts(COUNTS, INVERSE, cap).values()) == expected


def test_the_square_root_is_half_way_in_logarithms():
    assert boost_from_counts(COUNTS, SquareRoot("sqrt"), 1e9) == pytest.approx(
        {"often": 1, "half": 2**0.5, "rare": 10**0.5, "once": 10, "never": 1}
    )


@pytest.mark.parametrize(("beta", "expected"), [(0.0, [1, 1, 1, 1, 1]), (0.9, [1, 1.0051, 1.5353, 9.9997, 1])])
def test_effective_numbers_by_hand(beta, expected):
    found = boost_from_counts(COUNTS, EffectiveNumber("effective", beta), 1e9)
    assert list(found.values()) == pytest.approx(expected, abs=1e-4)


def test_effective_numbers_come_near_to_the_counts_as_beta_comes_near_to_one():
    near = boost_from_counts(COUNTS, EffectiveNumber("effective", 1 - 1e-9), 1e9)
    assert near == pytest.approx(boost_from_counts(COUNTS, INVERSE, 1e9), rel=1e-5)


@pytest.mark.parametrize("beta", [-0.1, 1.0])
def test_an_impossible_beta_is_refused(beta):
    with pytest.raises(ValueError, match="beta must be in"):
        EffectiveNumber("effective", beta)


@pytest.mark.parametrize(
    "rule", [INVERSE, SquareRoot("sqrt"), EffectiveNumber("effective", 0.99)], ids=lambda r: r.kind
)
@pytest.mark.parametrize("cap", [1.0, 1.5, 3.0, 5.0])
def test_every_rule_keeps_within_the_cap_and_prefers_the_rarer(rule, cap):
    found = list(boost_from_counts({name: n for name, n in COUNTS.items() if n}, rule, cap).values())
    assert found[0] == 1 and max(found) <= cap and found == sorted(found)


def test_without_any_sample_nothing_is_boosted():
    assert boost_from_counts({"a": 0, "b": 0}, INVERSE, 5.0) == {"a": 1.0, "b": 1.0}


def test_a_recall_of_few_samples_is_drawn_to_the_mean():
    hits, support = {"many": 80, "few": 0, "none": 0}, {"many": 100, "few": 2, "none": 0}
    mean = (0.8 + 0.0) / 2
    found = shrunk_recall(hits, support, prior_samples=10)
    assert found == pytest.approx({"many": (80 + 10 * mean) / 110, "few": 10 * mean / 12, "none": mean})
    assert shrunk_recall(hits, support, 0) == pytest.approx({"many": 0.8, "few": 0.0, "none": mean})


def raised(hits, support, target, cap=5.0, boost=None):
    counts = {"often": 100, "half": 50, "rare": 10}
    boost = boost or {"often": 1.0, "half": 1.5, "rare": 2.0}
    by_count = boost_from_counts(counts, INVERSE, cap)
    return raise_weak(boost, by_count, dict(zip(counts, hits)), dict(zip(counts, support)), target, cap)


def test_a_weak_class_is_raised_by_what_it_lacks_and_others_stay():
    found = raised(hits=[80, 10, 12], support=[100, 40, 20], target=Target(0.5, prior_samples=0, min_support=5))
    assert found == pytest.approx({"often": 1.0, "half": 1.5 * 0.5 / 0.25, "rare": 2.0})


def test_a_class_that_is_never_found_gets_the_cap():
    found = raised(hits=[80, 30, 0], support=[100, 40, 20], target=Target(0.5, prior_samples=0, min_support=5))
    assert found == {"often": 1.0, "half": 1.5, "rare": 5.0}


def test_a_class_with_little_support_is_raised_by_its_count():
    target = Target(0.9, prior_samples=0, min_support=30)
    assert raised([99, 40, 20], [100, 40, 20], target, cap=20.0) == {"often": 1.0, "half": 1.5, "rare": 10.0}


def test_a_class_with_little_support_is_never_lowered():
    target = Target(0.9, prior_samples=0, min_support=30)
    assert raised([99, 40, 20], [100, 40, 20], target, 20.0, {"often": 1.0, "half": 1.0, "rare": 15.0})["rare"] == 15.0


def test_the_prior_keeps_noise_from_raising():
    hits, support = [90, 36, 1], [100, 40, 3]
    plain, shrunk = (raised(hits, support, Target(0.5, prior, min_support=0)) for prior in (0, 10))
    assert plain["rare"] > 2.0 == shrunk["rare"]


@pytest.mark.parametrize("cap", [1.0, 1.2, 3.0, 5.0])
def test_every_boost_stays_within_the_cap(cap):
    target = Target(1.0, prior_samples=1, min_support=30)
    assert max(raised([10, 1, 0], [100, 40, 3], target, cap).values()) <= cap


def test_at_least_as_high_as_before_unless_the_cap_is_lower():
    before = {"often": 1.0, "half": 1.5, "rare": 2.0}
    found = raised([50, 1, 0], [100, 40, 3], Target(0.4, 10, 8), boost=before)
    assert all(found[name] >= value for name, value in before.items())


@pytest.mark.parametrize("values", [(1.1, 10, 8), (-0.1, 10, 8), (0.4, -1, 8), (0.4, 10, -1)])
def test_an_impossible_target_is_refused(values):
    with pytest.raises(ValueError):
        Target(*values)
