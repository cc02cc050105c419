"""Damage is detected before decord decodes."""

import io
import struct

import av
import numpy as np
import pytest

from support.video.filming import turn, write_clip
from tailwise.data.raw import RawFile
from tailwise.data.video.decode.excerpt import excerpt
from tailwise.data.video.decode.frames import by_pyav, decode_clip
from tailwise.data.video.decode.packets import Picture, even, length_size, picture_in
from tailwise.data.video.decode.probe import examine
from tailwise.data.video.decode.window import Window

WINDOW = Window(centre=4, stride=2, frames=3, margin=0, height=40, width=64)


@pytest.fixture
def clip(tmp_path):
    return write_clip(tmp_path / "clip.mp4", frames=12)


def packet(content: bytes, number: int) -> av.Packet:
    with av.open(io.BytesIO(content)) as file:
        return [packet for packet in file.demux(video=0) if packet.size][number]


def header_of_slice(content: bytearray) -> None:
    """Its first numbers are larger than any picture has; a packet in the middle, which others refer to."""
    place = packet(bytes(content), 4).pos
    content[place + 5 : place + 8] = bytes(3)


def no_slice(content: bytearray) -> None:
    content[packet(bytes(content), 4).pos + 4] = 0x51


def never_set_bit(content: bytearray) -> None:
    content[packet(bytes(content), 4).pos + 4] |= 0x80


def size_of_a_sample(content: bytearray) -> None:
    place = content.index(b"stsz") + 16 + 4 * 9
    content[place : place + 4] = bytes(4)


def time_of_a_picture(content: bytearray) -> None:
    place = content.index(b"ctts") + 16
    content[place : place + 4] = struct.pack(">I", 2**30)


DAMAGE = [no_slice, never_set_bit, size_of_a_sample, time_of_a_picture]


def for_decord(raw: RawFile):
    return excerpt(raw, *examine(raw), WINDOW.indices())


@pytest.mark.parametrize("damage", DAMAGE, ids=lambda damage: damage.__name__)
def test_a_clip_with_one_damaged_packet_is_not_left_to_decord(clip, damage):
    raw = RawFile(clip.parent, clip.name)
    assert for_decord(raw)
    content = bytearray(clip.read_bytes())
    damage(content)
    clip.write_bytes(content)
    assert not for_decord(raw)


def test_a_damaged_clip_has_the_same_frames_each_time(clip):
    """The fuzz test's find: a size in the sample table; decord gave frames in every second run."""
    content = bytearray(turn(clip).read_bytes())
    size_of_a_sample(content)
    clip.write_bytes(content)
    raw = RawFile(clip.parent, clip.name)
    expected = by_pyav(raw, WINDOW, *examine(raw), WINDOW.indices())
    for _ in range(8):
        np.testing.assert_array_equal(decode_clip(raw, WINDOW)[0], expected)


REFERENCE, DISPENSABLE, IDR = Picture(False, True, False), Picture(False, False, False), Picture(True, True, False)
WITH_PARAMETERS = Picture(True, True, True)


@pytest.mark.parametrize(
    ("packet", "picture"),
    [
        ("00000002 4100", REFERENCE),
        ("00000002 0100", DISPENSABLE),
        ("00000002 0600 00000002 6500", IDR),
        ("00000002 6500 00000002 6500", IDR),
        ("00000002 6500 00000002 4100", REFERENCE),
        ("00000002 0100 00000002 4100", REFERENCE),
        ("00000002 6700 00000002 6500", WITH_PARAMETERS),
        ("00000002 6800 00000002 6500", WITH_PARAMETERS),
        ("00000002 0600", None),
        ("00000002 c100", None),
        ("00000003 4100", None),
        ("00000001 4100", None),
        ("00000000 00000002 4100", None),
        ("00000002 4100 0000", None),
        ("", None),
    ],
)
def test_a_packet_is_units_with_a_slice_among_them(packet, picture):
    assert picture_in(bytes.fromhex(packet), 4) == picture


@pytest.mark.parametrize(
    ("packet", "picture"),
    [
        ("00000001 09f0 000001 4100", REFERENCE),
        ("00000001 09f0 00000001 67aa 000001 68bb 000001 65cc", WITH_PARAMETERS),
        ("000001 09f0 000001 0100 000001 09f0 000001 0100", DISPENSABLE),
        ("000001 09f0 4100 000001 09f0 000001 4100", None),
        ("000001 09f0", None),
        ("000001 c100", None),
        ("000001", None),
    ],
)
def test_start_codes_part_units_elsewhere(packet, picture):
    assert picture_in(bytes.fromhex(packet), None) == picture


@pytest.mark.parametrize(("extradata", "size"), [("014d401eff", 4), ("014d401efd", 2), ("00000001", None), ("", None)])
def test_only_mp4_puts_lengths_before_units(extradata, size):
    assert length_size(bytes.fromhex(extradata)) == size


@pytest.mark.parametrize(
    ("times", "regular"),
    [([], True), ([3], True), ([0, 2, 1, 3], True), ([0, 33, 67, 100], True), ([0, 1, 3], False), ([0, 1, 1], False)],
)
def test_pictures_are_even_if_no_gap_is_twice_another(times, regular):
    assert even(times) is regular
