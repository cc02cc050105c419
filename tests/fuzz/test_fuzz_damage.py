"""Bytes changed within the window's packets: the clip is refused, or its frames are those of the whole one.

Not always: other bits can be another picture. H.264's arithmetic coding mostly stumbles over them; of HEVC and VP9
FFmpeg tells next to nothing.
"""

import numpy as np
import pytest
from damaged import WINDOW, changed, outcomes_of, packets

from support.video.filming import write_clip
from tailwise.data.raw import RawFile
from tailwise.data.video.decode.container import ClipError
from tailwise.data.video.decode.excerpt import excerpt
from tailwise.data.video.decode.frames import by_decord, decode_clip
from tailwise.data.video.decode.probe import examine


@pytest.mark.parametrize("name", ["H.264 in MP4", "H.264, many key frames", "H.264 in a transport stream"])
def test_nearly_all_damage_is_reported_or_does_not_reach_the_window(name):
    found = outcomes_of(name)
    assert found["damaged"] > 4 * found["other"]


def test_decord_does_not_keep_damage_to_itself(tmp_path):
    """Nor pass on what it put in its place: its window is refused, or right."""
    path = write_clip(tmp_path / "clip.mp4", 1, frames=40, width=256, height=144)
    raw, content, refused = RawFile(tmp_path, "clip.mp4"), path.read_bytes(), 0
    whole = by_decord(excerpt(raw, *examine(raw), WINDOW.indices()), WINDOW)
    for number, (place, size) in enumerate(packets(content)[14:25]):
        path.write_bytes(changed(content, place, size, number))
        try:
            np.testing.assert_array_equal(by_decord(excerpt(raw, *examine(raw), WINDOW.indices()), WINDOW), whole)
        except RuntimeError as error:
            assert str(error) == "damage in the window"
            refused += 1
    assert refused > 3


def test_damage_behind_the_window_does_not_count(tmp_path):
    path = write_clip(tmp_path / "clip.mp4", 1, frames=40, width=256, height=144)
    raw, content = RawFile(tmp_path, "clip.mp4"), path.read_bytes()
    whole, _ = decode_clip(raw, WINDOW)
    for number, (place, size) in enumerate(packets(content)[34:]):
        path.write_bytes(changed(content, place, size, number))
        np.testing.assert_array_equal(decode_clip(raw, WINDOW)[0], whole)


@pytest.mark.parametrize("at", [4, 12])
def test_a_sound_key_frame_ends_the_reach_of_damage(tmp_path, at):
    path = write_clip(tmp_path / "clip.mkv", 1, frames=40, width=256, height=144, coder={"g": "10", "bf": "0"})
    raw, content = RawFile(tmp_path, "clip.mkv"), path.read_bytes()
    whole, _ = decode_clip(raw, WINDOW)
    place, size = packets(content)[at]
    path.write_bytes(changed(content, place + 8, size - 8, at))
    if at < 10:
        np.testing.assert_array_equal(decode_clip(raw, WINDOW)[0], whole)
    else:
        with pytest.raises(ClipError, match="^damaged: frame 14 does not decode"):
            decode_clip(raw, WINDOW)
