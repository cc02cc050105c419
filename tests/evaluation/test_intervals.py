"""Bootstrap over groups, by hand and by what an interval promises."""

import numpy as np
import pytest

from tailwise.evaluation.intervals import Interval, by_group, intervals, redraw


def test_counts_by_group_by_hand():
    found = by_group(np.array([0, 1, 1, -100]), np.array([0, 0, 1, 1]), ["b", "a", "b", "a"], 2)
    assert found.tolist() == [[[0, 0], [1, 0]], [[1, 0], [0, 1]]]


def test_redrawn_splits_have_as_many_groups_and_follow_from_the_seed():
    matrices = np.eye(3, dtype=int)[:, :, None] * np.eye(3, dtype=int)[:, None, :]
    first, again, other = (redraw(matrices, 50, seed) for seed in (1, 1, 2))
    assert (first.sum(axis=(1, 2)) == 3).all() and (first == again).all() and (first != other).any()


def test_groups_that_answer_alike_leave_nothing_to_chance():
    told = intervals(np.stack([[[3, 1], [0, 4]]] * 6))
    assert told["macro_recall"] == Interval(0.875, 0.875, 0.875)
    assert told["recall"][0] == Interval(0.75, 0.75, 0.75)
    assert told["precision"][1] == Interval(pytest.approx(0.8), pytest.approx(0.8), pytest.approx(0.8))


def test_one_group_of_many_samples_is_worth_one_sample():
    """20 groups whose samples all agree: as wide as 20 independent samples, not as 200."""
    rng = np.random.default_rng(0)
    hit = rng.random(20) < 0.5
    targets = np.zeros(200, int)
    predictions = np.repeat(np.where(hit, 0, 1), 10)
    grouped = intervals(by_group(targets, predictions, np.repeat(np.arange(20).astype(str), 10), 2))["recall"][0]
    alone = intervals(by_group(targets, predictions, np.arange(200).astype(str), 2))["recall"][0]
    assert grouped.value == alone.value == hit.mean()
    assert (grouped.high - grouped.low) / (alone.high - alone.low) == pytest.approx(10**0.5, rel=0.15)


def test_the_interval_holds_the_truth_as_often_as_it_says():
    rng, held = np.random.default_rng(3), 0
    for _ in range(200):
        predictions = (rng.random(80) < 0.4).astype(int)
        told = intervals(by_group(np.ones(80, int), predictions, np.arange(80).astype(str), 2), draws=400)["recall"][1]
        held += told.low <= 0.4 <= told.high
    assert 0.88 <= held / 200 <= 0.99


def test_an_absent_class_has_no_figure_and_is_left_out_of_the_mean():
    told = intervals(np.stack([[[2, 0, 0], [0, 2, 0], [0, 0, 0]]] * 3))
    assert told["recall"][2] == Interval(None, None, None) and told["macro_recall"].value == 1.0
