"""The frames of a window."""

import pytest

from tailwise.data.video.decode.window import MOST_PIXELS, Window, nearest, nearest_in, within


@pytest.mark.parametrize(
    ("centre", "stride", "frames", "margin", "indices"),
    [
        (8, 3, 4, 0, [2, 5, 8, 11]),
        (8, 3, 5, 0, [2, 5, 8, 11, 14]),
        (0, 1, 1, 0, [0]),
        (75, 2, 3, 0, [73, 75, 77]),
        (8, 3, 2, 1, [2, 5, 8, 11]),
        (75, 2, 16, 0, list(range(59, 91, 2))),
    ],
)
def test_the_centre_is_the_frame_in_the_middle(centre, stride, frames, margin, indices):
    assert Window(centre, stride, frames, margin, 8, 8).indices() == indices


@pytest.mark.parametrize(
    "values",
    [
        (1, 3, 4, 0, 8, 8),
        (8, 3, 4, 1, 8, 8),
        (8, 0, 4, 0, 8, 8),
        (8, 3, 0, 0, 8, 8),
        (8, 3, 4, -1, 8, 8),
        (8, 3, 4, 0, 0, 8),
        (8, 3, 4, 0, 8, 0),
    ],
)
def test_an_impossible_window_is_refused(values):
    with pytest.raises(ValueError):
        Window(*values)


def test_a_window_has_a_largest_size():
    assert Window(16, 1, 32, 0, 1080, 1920).frames == 32
    for height, width, margin in ((16_384, 16_384, 0), (1080, 1920, 1)):
        with pytest.raises(ValueError, match=f"at most {MOST_PIXELS} pixels in all its frames"):
            Window(17, 1, 32, margin, height, width)


def seconds(centre: float, stride: float, frames: int) -> Window:
    return Window(centre, stride, frames, 0, 8, 8, "seconds")


@pytest.mark.parametrize("rate", [25.0, 50.0, 30000 / 1001, 10.0])
def test_a_window_in_seconds_is_the_same_stretch_of_time_at_any_rate(rate):
    window = seconds(3.0, 0.08, 16)
    moments = [place / rate for place in range(int(6 * rate))]
    places = window.places(moments, rate)
    assert places == window.indices(rate)
    assert all(abs(moments[place] - step) <= 0.5 / rate + 1e-9 for place, step in zip(places, window.steps()))


def test_at_a_constant_rate_seconds_and_frames_agree():
    assert seconds(3.0, 0.08, 16).indices(25) == Window(75, 2, 16, 0, 8, 8).indices()
    assert seconds(1.2, 0.2, 8).places([place / 25 for place in range(60)], 25) == Window(30, 5, 8, 0, 8, 8).indices()


def test_frames_of_a_variable_rate_are_found_by_their_times():
    moments = [0.0, 0.1, 0.2, 1.0, 1.1, 2.0, 2.5]
    assert seconds(1.0, 0.5, 4).places(moments, 2) == [0, 2, 3, 4]
    assert seconds(2.0, 0.5, 4).places(moments, 2) == [3, 4, 5, 6]
    assert seconds(2.5, 0.5, 4).places(moments, 2) == [4, 5, 6, 7]


@pytest.mark.parametrize(
    ("moment", "place"), [(-1, 0), (0, 0), (0.49, 0), (0.5, 0), (0.51, 1), (1, 1), (2, 1), (2.1, 2), (9, 2)]
)
def test_of_two_moments_as_near_the_earlier_is_taken(moment, place):
    assert nearest_in([0.0, 1.0, 3.0], moment) == place


@pytest.mark.parametrize(("place", "whole"), [(0.5, 0), (1.5, 1), (1.50001, 2), (2.4999999, 2), (3.0, 3)])
def test_halves_go_down(place, whole):
    assert nearest(place) == whole


def test_a_short_clip_is_refused_or_padded_with_its_last_frame():
    assert within([2, 5, 8], 9, "refuse") == [2, 5, 8]
    assert within([2, 5, 8], 6, "pad") == [2, 5, 5]
    for frames, short in ((8, "refuse"), (0, "pad")):
        with pytest.raises(ValueError, match=f"^shorter than the window: {frames} frames, 9 needed$"):
            within([2, 5, 8], frames, short)


def test_half_a_frame_is_no_place():
    with pytest.raises(ValueError, match="centre must be a whole number of frames, found 1.5; or set unit to seconds"):
        Window(1.5, 1, 1, 0, 8, 8)
    with pytest.raises(ValueError, match="the window would start at -0.5 s"):
        seconds(0.5, 0.5, 4)
