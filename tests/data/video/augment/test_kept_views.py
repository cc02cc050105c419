"""Dropped views: which stay, by hand, and how many."""

import numpy as np
import pytest

from tailwise.data.video.augment.views import kept_views


@pytest.mark.parametrize(("uniform", "kept"), [
    ([0.3, 0.1, 0.9, 0.8], [1, 0, 1, 0]),
    ([0.1, 0.0, 0.15, 0.8], [0, 0, 1, 0]),
    ([0.1, 0.15, 0.12, 0.8], [0, 1, 0, 0]),
])  # fmt: skip
def test_views_below_the_chance_are_dropped_and_one_stays(uniform, kept):
    present = np.array([[True, True, True, False]])
    assert kept_views(present, np.array([uniform]), np.array([0.2])).tolist() == [[bool(view) for view in kept]]


def test_of_one_view_nothing_is_dropped_and_of_none_nothing_comes_to_be():
    present = np.array([[True, False], [False, False]])
    assert (kept_views(present, np.zeros((2, 2)), np.ones(2)) == present).all()


def test_the_share_that_is_dropped_is_the_chance():
    kept = kept_views(np.ones((5000, 3), bool), np.random.default_rng(0).random((5000, 3)), np.full(5000, 0.2))
    assert 1 - kept.mean() == pytest.approx(0.2 - 0.2**3 / 3, abs=0.01) and kept.any(axis=1).all()
