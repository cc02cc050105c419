"""Greedy selection, and cross-fitting by group."""

import numpy as np
import pytest

from support.ensembles import pool_of, told, weak_at
from tailwise.core.errors import UserError
from tailwise.ensemble import greedy as module
from tailwise.ensemble.greedy import best_member, cross_fit, folds, greedy

TARGETS = np.arange(90) % 3
SURE, UNSURE = [0.8, 0.1, 0.1], [0.2, 0.5, 0.3]


def test_complementary_members_are_taken_and_a_bad_one_is_not():
    """By hand: one is right on the first two samples, other on the last two, each surely; bad is surely wrong."""
    targets = [0, 0, 0, 0, 1, 2]
    sure = [[0, 1, 0], [0, 0, 1]]
    one = told([SURE, SURE, UNSURE, UNSURE, *sure], targets)
    other = told([UNSURE, UNSURE, SURE, SURE, *sure], targets)
    bad = told([[0.0, 1.0, 0.0]] * 4 + [[0, 0, 1], [0, 1, 0]], targets)
    assert greedy(pool_of(bad=bad, one=one, other=other), "macro_recall").tolist() == [0, 1, 1]
    assert greedy(pool_of(bad=bad, one=one, other=other), "log_loss").tolist() == [0, 1, 1]


def test_of_identical_members_one_is_taken():
    member = weak_at([0], TARGETS, 1)
    for by in ("macro_recall", "log_loss"):
        assert greedy(pool_of(one=member, other=member, third=member), by).tolist() == [1, 0, 0]


def test_a_better_member_may_be_taken_several_times():
    good, bad = weak_at([0, 1], TARGETS, 1, 0.2), weak_at([0, 1, 2], TARGETS, 2, 0.3)
    counts = greedy(pool_of(bad=bad, good=good), "log_loss")
    assert counts[1] > counts[0] > 0


def test_more_rounds_are_never_worse_on_the_same_samples():
    pool = pool_of(**{f"m{i}": weak_at([i % 3], TARGETS, i) for i in range(4)})
    found = [module.score(pool, pool.average(greedy(pool, "log_loss", n)), "log_loss") for n in (1, 3, 10)]
    assert found == sorted(found) and found[0] < found[-1]
    assert greedy(pool, "log_loss", 1).tolist() == np.eye(4)[best_member(pool, "log_loss")].tolist()


def test_every_group_is_in_one_fold_of_about_equal_size():
    groups = [f"g{i}" for i in [0] * 40 + list(range(1, 51))]
    member = told(np.full((90, 3), 1 / 3), TARGETS, groups=groups)
    found = folds(pool_of(one=member, other=member))
    assert len(found) == 5 and sorted(name for fold in found for name in fold) == sorted(set(groups))
    assert found[0] == {"g0"} and sorted(len(fold) for fold in found[1:]) == [12, 12, 13, 13]


def test_no_group_is_chosen_on_and_scored(monkeypatch):
    """What a fold's selection sees has none of its groups; and every label is scored once."""
    pool = pool_of(one=weak_at([0], TARGETS, 1), other=weak_at([1], TARGETS, 2))
    seen: dict[str, list] = {"greedy": [], "best_member": []}
    for name, of in seen.items():
        true = getattr(module, name)
        monkeypatch.setattr(
            module, name, lambda given, *more, of=of, true=true: of.append(set(given.groups)) or true(given, *more)
        )
    cross_fit(pool, "macro_recall")
    for held_out, *chosen_on in zip(folds(pool), *seen.values()):
        for groups in chosen_on:
            assert not groups & held_out and groups | held_out == set(pool.groups)


def test_the_answers_to_a_fold_are_those_of_what_the_others_chose():
    """Group g0 says that other is better, the rest that one is: the answer to g0 is one's."""
    targets = np.array([0, 1, 2, 0] * 3)
    right, wrong = np.eye(3)[targets] * 0.8, np.eye(3)[(targets + 1) % 3] * 0.9
    inside = np.arange(12)[:, None] < 4
    groups = [f"g{i // 4}" for i in range(12)]
    one = told(np.where(inside, wrong, right), targets, groups=groups)
    other = told(np.where(inside, right, wrong), targets, groups=groups)
    pool = pool_of(other=other, one=one)
    found = cross_fit(pool, "macro_recall", rounds=1)
    assert found.bests[0] == 1 and (found.best[0][:4] == one.probabilities[:4]).all()
    assert (found.ensemble[0][:4] == one.probabilities[:4]).all()


def test_with_equal_weights_nothing_is_selected():
    pool = pool_of(one=weak_at([0], TARGETS, 1), other=weak_at([0, 1, 2], TARGETS, 2))
    np.testing.assert_allclose(cross_fit(pool, "macro_recall", equal=True).ensemble[0], pool.average(np.ones(2))[0])


def test_one_group_cannot_be_cross_fitted():
    member = told([SURE] * 3, [0, 1, 2], groups=["g"] * 3)
    with pytest.raises(UserError, match="validation has one group"):
        cross_fit(pool_of(one=member, other=member), "macro_recall")
