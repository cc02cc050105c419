"""The window's frames are the clip's own, and a clip that cannot give them says why."""

import numpy as np
import pytest

from filming import read_clip, write_clip
from tailwise.core.errors import UserError
from tailwise.data.decode.window import Faulty, Window, decode_window

NATIVE = Window(centre=8, stride=3, frames=4, height=40, width=64)


@pytest.mark.parametrize(
    ("centre", "stride", "frames", "indices"),
    [(8, 3, 4, [2, 5, 8, 11]), (8, 3, 5, [2, 5, 8, 11, 14]), (0, 1, 1, [0]), (75, 2, 3, [73, 75, 77])],
)
def test_the_centre_is_the_frame_in_the_middle(centre, stride, frames, indices):
    assert Window(centre, stride, frames, 8, 8).indices() == indices


@pytest.mark.parametrize(
    "values", [(1, 3, 4, 8, 8), (8, 0, 4, 8, 8), (8, 3, 0, 8, 8), (8, 3, 4, 0, 8), (8, 3, 4, 8, 0)]
)
def test_an_impossible_window_is_refused(values):
    with pytest.raises(ValueError):
        Window(*values)


@pytest.mark.parametrize("seed", [0, 1])
def test_frames_at_native_size_are_those_of_another_decoder(tmp_path, seed):
    path = write_clip(tmp_path / "clip.mp4", seed)
    np.testing.assert_array_equal(decode_window(path, NATIVE), read_clip(path)[NATIVE.indices()])


def test_a_smaller_size_is_the_whole_picture_scaled(tmp_path):
    path = write_clip(tmp_path / "clip.mp4", width=128, height=80)
    grey = decode_window(path, Window(8, 3, 4, height=20, width=32)).mean(axis=-1)
    whole = read_clip(path)[NATIVE.indices()].mean(axis=-1)
    blocks = whole.reshape(4, 20, 4, 32, 4).mean(axis=(2, 4))
    error = np.abs(grey - blocks).mean()
    assert error < 6
    for axis, moved in [(0, 1), (1, 1), (1, -1), (2, 1), (2, -1)]:
        assert np.abs(np.roll(grey, moved, axis) - blocks).mean() > 2 * error


def spoil(kind, path):
    if kind == "absent":
        path.unlink()
    elif kind == "262 bytes":
        path.write_bytes(bytes(262))
    elif kind == "empty":
        path.write_bytes(b"")
    elif kind == "truncated":
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    elif kind == "short":
        write_clip(path, frames=9)


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("absent", "absent"),
        ("262 bytes", "cannot be decoded"),
        ("empty", "cannot be decoded"),
        ("truncated", "cannot be decoded"),
        ("short", "shorter than the window: 9 frames, 12 needed"),
    ],
)
def test_a_clip_that_cannot_be_used_says_why(tmp_path, kind, reason):
    path = write_clip(tmp_path / "clip.mp4")
    spoil(kind, path)
    with pytest.raises(Faulty, match=f"^{reason}$"):
        decode_window(path, NATIVE)


def test_a_clip_just_long_enough_is_used(tmp_path):
    assert decode_window(write_clip(tmp_path / "clip.mp4", frames=12), NATIVE).shape == (4, 40, 64, 3)


def test_a_width_that_the_decoder_cannot_give_is_refused_with_advice(tmp_path):
    with pytest.raises(UserError, match="params.yaml: window.width: .* a width of 48; take 8 more"):
        decode_window(write_clip(tmp_path / "clip.mp4"), Window(8, 3, 4, height=32, width=48))
