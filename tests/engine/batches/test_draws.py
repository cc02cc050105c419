"""Draws of an epoch: as often as expected, and a function of the position alone."""

from collections import Counter

import numpy as np
import pytest

from tailwise.balance.files import Draws
from tailwise.engine.batches.draws import draw_samples, draws_by_epoch

EXPECTED = np.array([0.5, 0.5, 1.0, 2.0, 2.25, 0.75])
CLASSES = np.array([0, 0, 0, 1, 1, 0])


@pytest.mark.parametrize("epoch", range(20))
def test_each_sample_is_drawn_its_expectation_rounded_down_or_up(epoch):
    times = Counter(draw_samples(EXPECTED, [CLASSES], (1, "phase2", epoch)))
    assert sum(times.values()) == 7 and times[2] == 1 and times[3] == 2
    assert all(np.floor(n) <= times[i] <= np.ceil(n) for i, n in enumerate(EXPECTED))
    assert 4 <= times[3] + times[4] <= 5  # 4.25 of class 1


def test_over_many_epochs_the_mean_is_the_expectation():
    times = Counter(i for epoch in range(2000) for i in draw_samples(EXPECTED, [], (1, "phase2", epoch)))
    assert [times[i] / 2000 for i in range(6)] == pytest.approx(EXPECTED.tolist(), abs=0.05)


def test_draws_follow_from_seed_phase_and_epoch():
    first = draw_samples(EXPECTED, [CLASSES], (1, "phase2", 0))
    assert first == draw_samples(EXPECTED, [CLASSES], (1, "phase2", 0))
    others = [
        draw_samples(EXPECTED, [CLASSES], where) for where in ((2, "phase2", 0), (1, "phase1", 0), (1, "phase2", 1))
    ]
    assert all(sorted(other) != sorted(first) for other in others) or any(other != first for other in others)


def test_a_sampler_may_move_from_one_plan_to_another():
    of_epoch = draws_by_epoch([10, 11, 12, 13], Draws([1, 1, 1, 1], [0, 0, 2, 2]), [], (1, "phase1"), 3)
    assert sorted(of_epoch(0)) == [10, 11, 12, 13] and sorted(of_epoch(2)) == [12, 12, 13, 13]
    middle = Counter(of_epoch(1))  # 0.5, 0.5, 1.5, 1.5
    assert middle.total() == 4 and middle[12] >= 1 and middle[13] >= 1


def test_nothing_expected_is_nothing_drawn():
    assert draw_samples(np.zeros(3), [], (1, "phase1", 0)) == draw_samples(np.zeros(0), [], (1, "phase1", 0)) == []
