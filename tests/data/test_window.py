"""Which frames a window keeps."""

import pytest

from tailwise.data.decode.window import MOST_PIXELS, Window


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
