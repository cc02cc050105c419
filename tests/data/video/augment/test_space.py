"""Views turned, enlarged and shifted: pixels whose new places are worked out by hand."""

import numpy as np
import pytest
import torch

from tailwise.data.video.augment.ranges import Augment
from tailwise.data.video.augment.space import Shifted, drawn_turns, shifts, turned


def picture(rows):
    """One view of one frame, of one channel."""
    return torch.tensor(rows, dtype=torch.uint8)[None, None, :, :, None]


def rows_of(frames):
    return frames[0, 0, :, :, 0].tolist()


def shifted(frames, down, right):
    """Of one view."""
    shown = np.arange(frames.shape[1])[None]
    return Shifted(frames[0], shown, np.array([down]), np.array([right])).views(slice(0, 1))


def after(rows, zoom=1.0, degrees=0.0):
    return rows_of(turned(picture(rows), np.array([zoom]), np.radians([degrees])))


def test_a_quarter_turn_clockwise():
    assert after([[1, 2, 3], [4, 5, 6], [7, 8, 9]], degrees=90) == [[7, 4, 1], [8, 5, 2], [9, 6, 3]]


def test_a_small_turn_moves_what_is_far_from_the_centre():
    """By 10 degrees pixels 3 from the centre go down or up by 0.52, to the next row; those at 2 by 0.35."""
    line = [[0] * 7, [1, 2, 3, 4, 5, 6, 7], [0] * 7]
    assert after(line, degrees=10) == [[1] + [0] * 6, [0, 2, 3, 4, 5, 6, 0], [0] * 6 + [7]]


def test_twice_as_large_is_the_middle_with_each_pixel_twice():
    """Columns 0 to 3 show what was at 0.75, 1.25, 1.75, 2.25, and so do rows."""
    twice = [[6, 6, 7, 7]] * 2 + [[10, 10, 11, 11]] * 2
    assert after([[1, 2, 3, 4], [5, 6, 7, 8], [9, 10, 11, 12], [13, 14, 15, 16]], zoom=2.0) == twice


def test_half_as_large_repeats_the_edge():
    """Columns 0 to 4 show what was at -2, 0, 2, 4, 6."""
    assert after([[1, 2, 3, 4, 5]], zoom=0.5) == [[1, 1, 3, 5, 5]]


@pytest.mark.parametrize(("down", "right", "then"), [
    (0, 0, [[1, 2, 3], [4, 5, 6]]),
    (1, 0, [[1, 2, 3], [1, 2, 3]]),
    (-1, 1, [[4, 4, 5], [4, 4, 5]]),
    (0, -2, [[3, 3, 3], [6, 6, 6]]),
])  # fmt: skip
def test_a_shift_repeats_the_edge(down, right, then):
    assert rows_of(shifted(picture([[1, 2, 3], [4, 5, 6]]), down, right)) == then


def test_views_of_a_batch_are_moved_apart_and_all_their_frames_alike():
    """However many are moved at a time: here the last rows of the last view begin beyond the batch's."""
    views = torch.arange(2 * 3 * 4 * 5 * 3, dtype=torch.uint8).view(2, 3, 4, 5, 3)
    down, right, shown = np.array([1, 0]), np.array([2, -3]), np.array([[2, 0, 0], [5, 4, 3]])
    moved = Shifted(views.flatten(0, 1), shown, down, right)
    for i in range(2):
        for t in range(3):
            alone = shifted(views.flatten(0, 1)[shown[i, t]][None, None], down[i], right[i])
            assert torch.equal(moved.views(slice(0, 2))[i, t], alone[0, 0])
            assert torch.equal(moved.views(slice(i, i + 1))[0, t], alone[0, 0])


def test_a_pixel_comes_from_its_place_before_or_from_the_nearest_edge():
    rng = np.random.default_rng(0)
    views = torch.from_numpy(rng.integers(0, 256, (6, 4, 5, 3), np.uint8))
    down, right, shown = rng.integers(-3, 4, 6), rng.integers(-4, 5, 6), rng.integers(0, 6, (6, 2))
    found = Shifted(views, shown, down, right).views(slice(0, 6))
    for i, (of_view, rows, columns) in enumerate(zip(shown, down, right)):
        before = (np.arange(4) - rows).clip(0, 3)[:, None], (np.arange(5) - columns).clip(0, 4)
        assert torch.equal(found[i], views[of_view][:, *before])


def test_the_draws_and_the_strength_give_the_turn_the_zoom_and_the_shift():
    """At strength 0.5 of a zoom of 1: up to 1.5 either way; at the draw 1 a quarter turn is 0.5 of half a turn."""
    augment, half = Augment(0, 0.25, 0, 0, zoom=1.0, rotate=180), np.array([0.5])
    for drawn, zoom, turn in (((1.0, 0.5), 1.5, 0.0), ((0.0, 0.5), 1 / 1.5, 0.0), ((0.5, 1.0), 1.0, np.pi / 2)):
        assert np.allclose(drawn_turns({"space": np.array([drawn])}, augment, half), [[zoom], [turn]])
    assert shifts({"base": np.array([[0.5, 1.0, 0.25, 0.5, 0.5]])}, augment, half, (16, 32)).tolist() == [[2], [-2]]
