"""Frames spread over a whole clip."""

import numpy as np
import pytest

from support.video.filming import read_clip, write_clip
from tailwise.data.raw import RawFile
from tailwise.data.video.decode.frames import decode_clip
from tailwise.data.video.decode.spread import Spread


@pytest.mark.parametrize(
    ("frames", "of", "expected"),
    [(4, 8, [1, 3, 5, 7]), (4, 4, [0, 1, 2, 3]), (3, 10, [1, 5, 8]), (4, 2, [0, 0, 1, 1]), (2, 1, [0, 0])],
)
def test_the_middles_of_equal_parts(frames, of, expected):
    assert Spread(frames, 8, 8).among(of) == expected


def test_it_is_the_same_backwards_where_parts_have_an_odd_length():
    places = Spread(5, 8, 8).among(35)
    assert places == [34 - place for place in reversed(places)]


def test_clips_of_every_length_give_as_many_frames(tmp_path):
    for frames in (3, 16):
        file = write_clip(tmp_path / f"{frames}.mp4", frames=frames)
        cut = Spread(8, 40, 64)
        found, facts = decode_clip(RawFile(tmp_path, file.name), cut)
        assert found.shape == (8, 40, 64, 3) and facts.frames == frames
        whole = read_clip(file)
        assert np.abs(found.astype(int) - whole[cut.among(frames)]).max() <= 2


@pytest.mark.parametrize("wrong", [{"frames": 0}, {"height": 20_000}, {"frames": 200, "height": 1024, "width": 1024}])
def test_sizes_have_limits(wrong):
    with pytest.raises(ValueError, match="at least 1|at most"):
        Spread(**{"frames": 8, "height": 8, "width": 8, **wrong})
