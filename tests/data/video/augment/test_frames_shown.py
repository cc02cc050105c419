"""Which frames a view shows: its speed, its direction, frames dropped."""

import numpy as np
import pytest

from tailwise.data.video.augment.ranges import Augment
from tailwise.data.video.augment.time import faster, held, shown_frames

STEPS = np.arange(8)[None]


@pytest.mark.parametrize(("factor", "shown"), [
    (1.0, [0, 1, 2, 3, 4, 5, 6, 7]),
    (2.0, [-4, -2, 0, 2, 4, 6, 8, 10]),
    (0.5, [2, 2, 3, 4, 4, 4, 5, 6]),
])  # fmt: skip
def test_the_speed_acts_about_the_frame_in_the_middle(factor, shown):
    assert faster(STEPS, np.array([factor])).tolist() == [shown]


def test_a_dropped_frame_repeats_the_last_one_that_is_there():
    dropped = np.array([[1, 0, 0, 1, 1, 0, 0, 1]], bool)
    assert held(STEPS, dropped).tolist() == [[0, 1, 2, 2, 2, 5, 6, 6]]


def shown(time, augment, strength=1.0, reversible=True, margin=0):
    draws = {"base": np.full((1, 5), 0.5), "time": np.array([time])}
    return shown_frames(draws, augment, np.array([strength]), np.array([reversible]), (margin, 4))[0].tolist()


SPEED = Augment(0, 0, 0, 0, speed=1.0)
REVERSE = Augment(0, 0, 0, 0, reverse=0.6, reversible={"action": ("Challenge",)})
DROP = Augment(0, 0, 0, 0, drop_frames=0.5)
LATE = (0.9,) * 4
"""No frame is dropped."""


@pytest.mark.parametrize(("margin", "frames"), [(0, [0, 0, 2, 3]), (1, [0, 1, 3, 5]), (2, [0, 2, 4, 6])])
def test_frames_beyond_the_kept_ones_repeat_the_last(margin, frames):
    assert shown((0.5, 1.0, *LATE), SPEED, margin=margin) == frames


def test_half_the_strength_is_half_the_speed_and_half_the_chance():
    assert shown((0.5, 1.0, *LATE), SPEED, 0.5, margin=3) == [2, 3, 5, 7]  # 5 and -3, -1.5, 0, 1.5, halves to even
    assert shown((0.29, 0.5, *LATE), REVERSE, 0.5) == [3, 2, 1, 0]
    assert shown((0.31, 0.5, *LATE), REVERSE, 0.5) == shown((0.61, 0.5, *LATE), REVERSE) == [0, 1, 2, 3]


def test_only_a_sample_that_may_be_is_reversed():
    assert shown((0.0, 0.5, *LATE), REVERSE, reversible=False) == [0, 1, 2, 3]


def test_frames_are_dropped_by_their_own_draws():
    assert shown((0.5, 0.5, 0.1, 0.6, 0.4, 0.3), DROP) == [0, 1, 1, 1]
    assert shown((0.5, 0.5, 0.1, 0.6, 0.4, 0.3), DROP, 0.7) == [0, 1, 2, 2]


def test_a_reversed_clip_of_a_late_window_stays_within_its_frames():
    draws = {"base": np.full((1, 5), 0.999), "time": np.array([[0.0, 0.5, *LATE]])}
    augment = Augment(0, 0, 0, 1, reverse=0.6, reversible={"action": ("Challenge",)})
    assert shown_frames(draws, augment, np.ones(1), np.ones(1, bool), (1, 4)).tolist() == [[5, 4, 3, 2]]
