"""Planted cases: where an ensemble must win, and where it cannot."""

import json
from dataclasses import replace

import numpy as np
import pytest

from support.ensembles import pool_of, told, weak_at
from tailwise.core.errors import UserError
from tailwise.ensemble.assessment import PLAIN, Options, assess
from tailwise.ensemble.pool import make_pool
from tailwise.ensemble.text import markdown, terminal
from tailwise.ensemble.verdict import to_json, verdict

TARGETS = np.arange(150) % 3


@pytest.fixture(scope="module")
def different():
    """Three members, each unsure of another class."""
    members = {f"weak_{i}": weak_at([i], TARGETS, i) for i in range(3)}
    return assess(pool_of(**members), Options())


@pytest.fixture(scope="module")
def identical():
    return assess(pool_of(one=weak_at([0], TARGETS, 1), other=weak_at([0], TARGETS, 1)), Options())


def test_members_with_different_mistakes_win(different):
    gain = different.gain()
    assert different.wins() and gain.low > 0.05 and gain.value > 0.1
    assert verdict(different).startswith(
        "Use the ensemble: its advantage in macro recall over the best member, cross-fitted, is +0."
    )
    assert (different.weights > 0).all() and different.weights.sum() == pytest.approx(1)
    assert all(own < 1 for own in np.ravel(different.agreements["tag"].equal)[[1, 2, 5]])


@pytest.mark.parametrize("options", [Options("log_loss"), Options(equal=True)])
def test_they_win_however_they_are_weighed(options):
    found = assess(pool_of(**{f"weak_{i}": weak_at([i], TARGETS, i) for i in range(3)}), options)
    assert found.wins()


def test_identical_members_are_no_gain_and_the_best_member_is_named(identical):
    gain = identical.gain()
    assert (gain.value, gain.low, gain.high) == (0, 0, 0) and not identical.wins()
    assert verdict(identical).startswith("No gain of the ensemble is shown") and verdict(identical).endswith(
        "Use one alone."
    )
    assert identical.agreements["tag"].kappa[0][1] == 1 and identical.weights.tolist() == [1, 0]


def test_selection_flatters_the_samples_that_it_is_made_on():
    """Members that guess: on the same samples the ensemble seems better than it is, cross-fitted it gains nothing."""
    rng = np.random.default_rng(8)
    members = {f"m{i}": told(rng.dirichlet(np.ones(3), 150), TARGETS) for i in range(12)}
    found = assess(pool_of(**members), Options())
    span = found.measured.interval(0, (0, 0))
    assert found.same[0, 0] > span.high and not found.wins()
    assert abs(span.value - 1 / 3) < 0.1


def test_a_class_with_few_labels_is_named():
    targets = np.array([0, 1] * 30 + [2] * 3)
    found = assess(pool_of(one=weak_at([0], targets, 1), other=weak_at([1], targets, 2)), Options(), "foul")
    assert found.limits == ["tag: 3 fouls of c: too few to measure its recall."]
    assert "- tag: 3 fouls of c: too few to measure its recall." in markdown(found)


def test_of_few_groups_no_interval_shows_a_gain():
    groups = [f"g{i % 9}" for i in range(150)]
    members = {f"weak_{i}": replace(weak_at([i], TARGETS, i), groups=groups) for i in range(3)}
    found = assess(pool_of(**members), Options())
    assert found.gain().low > 0 and not found.wins() and found.limits[0].startswith("Only 9 groups: too few")


def test_what_decoding_leaves_out_is_said():
    first, second = weak_at([0], TARGETS, 1), weak_at([1], TARGETS, 2)
    members = {"first": {"tag": first}, "second": {"tag": replace(second, predicted=TARGETS)}}
    found = assess(make_pool(members, undecoded=True), Options())
    assert found.limits == [
        "tag: the answers of the runs are decoded; the figures here are of the most probable classes."
    ]


def test_a_better_plain_average_is_advised(identical):
    found = assess(pool_of(**{f"weak_{i}": weak_at([i], TARGETS, i) for i in range(3)}), Options(rounds=1))
    assert not found.wins() and found.wins(PLAIN) and "Use the plain average of all members, --equal" in verdict(found)


def test_the_page_and_the_json_have_all_figures_and_are_the_same_again(different):
    text = markdown(different)
    for said in ("| weak\\_1 | 0.", "## Against the best member", "## Agreement", "| tag: c | 50 | ", "log loss"):
        assert said in text
    assert "weak_1" in terminal(different) and "#" not in terminal(different)
    found = to_json(different)
    assert found["figures"]["macro_recall"]["same_samples"] == different.same[0, 0]
    assert set(found["recall"]["tag"]) == {"a", "b", "c"} and found["best"]["member"] in different.pool.members
    again = assess(different.pool, different.options)
    assert json.dumps(to_json(again)) == json.dumps(found)


def test_rounds_below_1_are_refused():
    with pytest.raises(UserError, match="--rounds must be at least 1, found 0"):
        Options(rounds=0)


def test_no_gain_in_log_loss_has_no_minus_before_its_zero():
    same = weak_at([0], TARGETS, 1)
    assert "-0.000" not in verdict(assess(pool_of(one=same, other=same), Options("log_loss")))
