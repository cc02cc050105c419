"""Macro recall and log loss against scikit-learn, and their intervals."""

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score, log_loss

from support.ensembles import HEAD, told, weak_at
from tailwise.core.heads import Head
from tailwise.ensemble.agreement import agreement
from tailwise.ensemble.pool import make_pool
from tailwise.ensemble.scores import figures, outcomes, resample, score

RNG = np.random.default_rng(3)
TARGETS = RNG.integers(0, 3, 60)
SECOND = Head("mark", ("x", "y"))


def member(seed):
    rng = np.random.default_rng(seed)
    marks = told(rng.dirichlet(np.ones(2), 40), np.arange(40) % 2, SECOND)
    return {HEAD.name: told(rng.dirichlet(np.ones(3), 60), TARGETS), SECOND.name: marks}


POOL = make_pool({"one": member(1), "other": member(2)})


def test_figures_are_those_of_scikit_learn_and_their_mean_over_heads():
    found = figures(POOL, outcomes(POOL, POOL.member(0)))
    for row, of_head in enumerate(POOL.heads, 1):
        likely = of_head.probabilities[0]
        assert found[row, 0] == pytest.approx(balanced_accuracy_score(of_head.targets, likely.argmax(axis=1)))
        assert found[row, 1] == pytest.approx(log_loss(of_head.targets, likely))
    np.testing.assert_allclose(found[0], found[1:].mean(axis=0))
    assert score(POOL, POOL.member(0), "log_loss")[0] == pytest.approx(-found[0, 1])
    assert score(POOL, POOL.member(0), "macro_recall") == pytest.approx((found[0, 0], -found[0, 1]))


def test_weights_count_labels_as_often_as_they_say():
    times = [RNG.integers(0, 3, len(of_head.targets)) for of_head in POOL.heads]
    found = figures(POOL, outcomes(POOL, POOL.member(1)), [each.astype(float) for each in times])
    for row, (of_head, each) in enumerate(zip(POOL.heads, times), 1):
        targets, likely = np.repeat(of_head.targets, each), np.repeat(of_head.probabilities[1], each, axis=0)
        assert found[row, 0] == pytest.approx(balanced_accuracy_score(targets, likely.argmax(axis=1)))
        assert found[row, 1] == pytest.approx(log_loss(targets, likely))


def test_a_class_without_a_label_is_left_out_and_a_probability_of_0_is_finite():
    pool = make_pool({name: {"tag": told([[1, 0, 0], [1, 0, 0]], [0, 1])} for name in ("one", "other")})
    recall, loss = figures(pool, outcomes(pool, pool.member(0)))[0]
    assert recall == 0.5 and 7 < loss < 8


def test_a_model_does_not_differ_from_itself_and_a_difference_is_paired():
    good, bad = (
        {"tag": told(np.eye(3)[np.where(RNG.random(60) < p, TARGETS, (TARGETS + 1) % 3)], TARGETS)} for p in (0.9, 0.4)
    )
    pool = make_pool({"good": good, "bad": bad})
    found = resample(pool, [pool.member(0), pool.member(1), pool.member(0)], draws=200)
    same = found.difference(2, 0, (0, 0))
    assert (same.value, same.low, same.high) == (0, 0, 0)
    gain, own = found.difference(0, 1, (0, 0)), found.interval(0, (0, 0))
    assert 0 < gain.low < gain.value < gain.high and own.low < own.value < own.high
    assert gain.value == pytest.approx(own.value - found.interval(1, (0, 0)).value)


def test_agreement_is_the_share_of_equal_answers_and_cohens_kappa():
    one, other = weak_at([0], TARGETS, 1), weak_at([1], TARGETS, 2)
    pool = make_pool({"one": {"tag": one}, "other": {"tag": other}})
    found = agreement(pool.heads[0])
    equal = (one.predicted == other.predicted).mean()
    chance = sum((one.predicted == i).mean() * (other.predicted == i).mean() for i in range(3))
    assert found.equal[0][1] == found.equal[1][0] == pytest.approx(equal) and found.equal[0][0] == 1
    assert found.kappa[0][1] == pytest.approx((equal - chance) / (1 - chance)) and found.kappa[1][1] == 1


def test_kappa_of_members_that_always_give_one_answer_is_undefined():
    constant = {"tag": told([[0.8, 0.1, 0.1]] * 4, [0, 1, 2, 0])}
    assert agreement(make_pool({"one": constant, "other": constant}).heads[0]).kappa[0][1] is None
