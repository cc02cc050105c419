"""Bootstrap over groups: against hand-computed values, a plain implementation, and nominal coverage."""

import numpy as np
import pytest

from tailwise.core.heads import IGNORE
from tailwise.evaluation import intervals as module
from tailwise.evaluation.intervals import DRAWS, LEVEL, SEED, Interval, count_classes, group_weights, intervals
from tailwise.metrics import confusion as metrics

ENDS = [(1 - LEVEL) / 2, (1 + LEVEL) / 2]


def test_counts_of_classes_by_hand():
    found = count_classes(np.array([0, 1, 1]), np.array([0, 0, 1]), np.array([3, 2, 1]), 2)
    assert (found.hits.tolist(), found.actual.tolist(), found.predicted.tolist()) == ([3, 1], [3, 3], [5, 1])


def test_resampled_splits_have_as_many_groups_and_follow_from_the_seed(monkeypatch):
    first, again, other = (np.stack(list(group_weights(3, 50, seed))) for seed in (1, 1, 2))
    assert (first.sum(axis=1) == 3).all() and (first == again).all() and (first != other).any()
    monkeypatch.setattr(module, "BLOCK", 7)
    assert (np.stack(list(group_weights(3, 50, 1))) == first).all()


@pytest.mark.parametrize("block", [1, 40, 2**20])
def test_it_gives_the_figures_of_a_confusion_matrix_a_draw(monkeypatch, block):
    """To the last bit, with missing labels and classes that some draws lack."""
    monkeypatch.setattr(module, "BLOCK", block)
    rng = np.random.default_rng(5)
    targets = rng.choice([IGNORE, 0, 1, 2, 3], 90, p=[0.1, 0.6, 0.2, 0.07, 0.03])
    predicted, groups = rng.integers(0, 4, 90), rng.integers(0, 12, 90)
    found = intervals(targets, predicted, groups.astype(str), 4, means_over=[1, 3])
    order = np.unique(groups.astype(str)).astype(int)
    matrices = np.stack([metrics.confusion(targets[groups == g], predicted[groups == g], 4) for g in order])
    times = np.random.default_rng(SEED).multinomial(12, np.full(12, 1 / 12), size=DRAWS)
    resampled = np.tensordot(times, matrices, axes=1)
    recalls = np.stack([metrics.recall(matrix) for matrix in resampled])
    for c in range(4):
        known = recalls[~np.isnan(recalls[:, c]), c]
        low, high = np.quantile(known, ENDS)
        assert found["recall"][c] == Interval(metrics.recall(matrices.sum(axis=0))[c], low, high)
    low, high = np.nanquantile([metrics.macro(recall[[1, 3]]) for recall in recalls], ENDS)
    assert (found["macro_recall"].low, found["macro_recall"].high) == (low, high)
    precision = np.quantile([metrics.precision(matrix)[0] for matrix in resampled], ENDS)
    assert (found["precision"][0].low, found["precision"][0].high) == tuple(precision)


def test_groups_that_agree_leave_nothing_to_chance():
    targets, predicted = np.tile([0, 0, 0, 0, 1, 1, 1, 1], 6), np.tile([0, 0, 0, 1, 1, 1, 1, 1], 6)
    found = intervals(targets, predicted, np.repeat(list("abcdef"), 8), 2)
    assert found["macro_recall"] == Interval(0.875, 0.875, 0.875)
    assert found["recall"][0] == Interval(0.75, 0.75, 0.75)
    assert found["precision"][1] == Interval(pytest.approx(0.8), pytest.approx(0.8), pytest.approx(0.8))


def test_one_group_of_many_samples_is_worth_one_sample():
    """20 groups whose samples all agree: as wide as 20 independent samples, not as 200."""
    rng = np.random.default_rng(0)
    hit = rng.random(20) < 0.5
    targets = np.zeros(200, int)
    predictions = np.repeat(np.where(hit, 0, 1), 10)
    grouped = intervals(targets, predictions, np.repeat(np.arange(20).astype(str), 10), 2)["recall"][0]
    alone = intervals(targets, predictions, np.arange(200).astype(str), 2)["recall"][0]
    assert grouped.value == alone.value == hit.mean()
    assert (grouped.high - grouped.low) / (alone.high - alone.low) == pytest.approx(10**0.5, rel=0.15)


def test_the_interval_holds_the_truth_as_often_as_it_says():
    rng, held = np.random.default_rng(3), 0
    for _ in range(100):
        predictions = (rng.random(80) < 0.4).astype(int)
        found = intervals(np.ones(80, int), predictions, np.arange(80).astype(str), 2, draws=400)["recall"][1]
        held += found.low <= 0.4 <= found.high
    assert 0.88 <= held / 100 <= 0.99


def test_an_absent_class_has_no_figure_and_is_left_out_of_the_mean():
    labels = np.tile([0, 0, 1, 1], 3)
    found = intervals(labels, labels, np.repeat(list("abc"), 4), 3)
    assert found["recall"][2] == Interval(None, None, None) and found["macro_recall"].value == 1.0
