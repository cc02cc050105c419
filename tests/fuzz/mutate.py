"""Clips broken on purpose: pure functions of the bytes and a seeded generator.

Each takes the clip's content, that of another clip, and draws; it gives bytes that may or may not be a clip.
"""

import struct

import numpy as np

BOXES = (b"moov", b"mvhd", b"tkhd", b"mdhd", b"stsd", b"stts", b"ctts", b"stsz", b"stsc", b"stco", b"elst", b"mdat")
"""Boxes of an MP4 file whose fields a decoder goes by. Source: ISO/IEC 14496-12"""
EXTREMES = (0, 1, 2**16, 2**31 - 1, 2**31, 2**32 - 1)
HEADER = 256
"""Bytes at the beginning that hold the tables of other containers."""


def truncated(clip: bytes, other: bytes, rng: np.random.Generator) -> bytes:
    return clip[: rng.integers(len(clip))]


def flipped(clip: bytes, other: bytes, rng: np.random.Generator) -> bytes:
    """1 to 256 bytes are others, anywhere."""
    return _overwritten(clip, rng.integers(len(clip), size=2 ** rng.integers(9)), rng)


def spliced(clip: bytes, other: bytes, rng: np.random.Generator) -> bytes:
    """The beginning of one and the end of the other."""
    return clip[: rng.integers(len(clip))] + other[rng.integers(len(other)) :]


def header(clip: bytes, other: bytes, rng: np.random.Generator) -> bytes:
    """1 to 8 bytes of the first tables are others; in an MP4 file those of one box."""
    start = max(clip.find(BOXES[rng.integers(len(BOXES))]), 0)
    return _overwritten(clip, start + rng.integers(min(HEADER, len(clip) - start), size=rng.integers(1, 9)), rng)


def extreme(clip: bytes, other: bytes, rng: np.random.Generator) -> bytes:
    """A number of 4 bytes in a table is the smallest or largest there is: a size, a count, a duration."""
    box = clip.find(BOXES[rng.integers(len(BOXES))])
    place = max(box - 4, 0) + 4 * int(rng.integers(24)) if box >= 0 else int(rng.integers(HEADER))
    number = struct.pack(">I", EXTREMES[rng.integers(len(EXTREMES))])
    return clip[:place] + number + clip[place + 4 :]


def blanked(clip: bytes, other: bytes, rng: np.random.Generator) -> bytes:
    """A stretch of zeros, as a download that was broken off leaves it."""
    start, end = sorted(rng.integers(len(clip), size=2))
    return clip[:start] + bytes(end - start) + clip[end:]


def moved(clip: bytes, other: bytes, rng: np.random.Generator) -> bytes:
    """A stretch is taken out and put in elsewhere."""
    start, end, place = sorted(rng.integers(len(clip), size=3))
    return clip[:start] + clip[end:place] + clip[start:end] + clip[place:]


def inserted(clip: bytes, other: bytes, rng: np.random.Generator) -> bytes:
    place = rng.integers(len(clip))
    return clip[:place] + rng.bytes(rng.integers(1, 64)) + clip[place:]


def _overwritten(clip: bytes, places: np.ndarray, rng: np.random.Generator) -> bytes:
    content = np.frombuffer(clip, np.uint8).copy()
    content[places] = rng.integers(256, size=len(places))
    return content.tobytes()


MUTATIONS = (truncated, flipped, spliced, header, extreme, blanked, moved, inserted)


def mutant(number: int, good: dict[str, bytes], seed: int = 0) -> tuple[str, bytes]:
    """(name, content) of the mutant of this number, from good clips {name: content}; the kinds take turns."""
    kind, names = MUTATIONS[number % len(MUTATIONS)], sorted(good)
    rng = np.random.default_rng([seed, number])
    name, other = (names[place] for place in rng.integers(len(names), size=2))
    return f"{kind.__name__}/{number:05d}_{name}", kind(good[name], good[other], rng)
