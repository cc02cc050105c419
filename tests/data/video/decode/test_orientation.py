"""Mirrored and rotated clips are decoded as players show them."""

import struct

import numpy as np
import pytest

from tailwise.data.video.decode.orientation import Orientation, from_matrix

SHOWN = np.arange(2 * 3 * 3).reshape(2, 3, 3)
"""(height, width, 3)"""

ONE = 2**16
MATRICES = {
    "as stored": ((ONE, 0, 0, ONE), SHOWN),
    "mirrored": ((-ONE, 0, 0, ONE), SHOWN[:, ::-1]),
    "upside down": ((ONE, 0, 0, -ONE), SHOWN[::-1]),
    "half turn": ((-ONE, 0, 0, -ONE), SHOWN[::-1, ::-1]),
    "quarter turn, clockwise": ((0, ONE, -ONE, 0), np.rot90(SHOWN, -1)),
    "quarter turn, against the clock": ((0, -ONE, ONE, 0), np.rot90(SHOWN, 1)),
    "transposed": ((0, ONE, ONE, 0), SHOWN.swapaxes(0, 1)),
    "transposed along the other diagonal": ((0, -ONE, -ONE, 0), SHOWN[::-1, ::-1].swapaxes(0, 1)),
    "nearly as stored": ((ONE, 900, -900, ONE), SHOWN),
}


@pytest.mark.parametrize("name", MATRICES)
def test_a_display_matrix_says_what_is_done_to_the_stored_picture(name):
    (a, b, c, d), expected = MATRICES[name]
    orientation = from_matrix(struct.pack("=9i", a, b, 0, c, d, 0, 0, 0, 2**30))
    np.testing.assert_array_equal(orientation.upright(SHOWN), expected)
    assert orientation.upright(SHOWN[None]).shape == (1, *expected.shape)


def test_a_turned_picture_is_scaled_to_the_size_that_it_is_stored_in():
    assert Orientation(transpose=True).stored_size(64, 112) == (112, 64)
    assert Orientation(mirror=True, flip=True).stored_size(64, 112) == (64, 112)
