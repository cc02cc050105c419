"""Clips whose frames carry their number, by every way x264 places key frames, in several containers, mirrored and
turned, their tables of key frames wrong or missing. What decoding gives is read back from the pictures.
"""

import itertools
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av
import decord
import numpy as np

from tailwise.data.raw import RawFile
from tailwise.data.video.decode.container import ClipError
from tailwise.data.video.decode.excerpt import excerpt
from tailwise.data.video.decode.frames import decode_clip
from tailwise.data.video.decode.probe import examine
from tailwise.data.video.decode.window import Window

FRAMES, BITS, BAR = 80, 7, 16
WIDTH, HEIGHT = BITS * BAR, 64
WINDOWS = tuple(Window(centre, stride, 6, 0, HEIGHT, WIDTH) for centre, stride in ((9, 3), (30, 5), (41, 1), (70, 2)))
CORNERS = ((230, 30, 30), (30, 230, 30), (30, 30, 230), (230, 230, 30))
"""Colours of the corners as they are to be shown: top left, top right, bottom left, bottom right."""

GOPS = {
    "few": {"g": "250"},
    "every 40": {"g": "40", "sc_threshold": "0"},
    "every 30": {"g": "30"},
    "every 12": {"g": "12"},
    "every 4": {"g": "4"},
    "every 2": {"g": "2"},
    "every frame": {"g": "1"},
    "by scenes": {"g": "25", "keyint_min": "1", "sc_threshold": "100"},
    "open 12": {"g": "12", "x264-params": "open-gop=1"},
    "open 30": {"g": "30", "x264-params": "open-gop=1"},
    "open 48": {"g": "48", "x264-params": "open-gop=1"},
    "refresh 20": {"g": "20", "x264-params": "intra-refresh=1"},
    "refresh 60": {"g": "60", "x264-params": "intra-refresh=1"},
}
B_FRAMES = {
    "no B": {"bf": "0"},
    "1 B": {"bf": "1", "b-pyramid": "none"},
    "3 B": {"bf": "3"},
    "5 B": {"bf": "5", "b_strategy": "0", "b-pyramid": "normal", "refs": "4"},
    "5 B strict": {"bf": "5", "b_strategy": "0", "b-pyramid": "strict"},
}
CONTAINERS = ("clip.mp4", "clip.mov", "clip.mkv", "clip.ts")
TABLES = ("as written", "missing", "a frame late", "three frames late", "first alone")
OTHERS = {
    "interlaced": {"flags": "+ildct+ilme", "x264-params": "tff=1"},
    "slices": {"slices": "4"},
    "slow": {"preset": "slow"},
    "baseline": {"profile": "baseline"},
    "CAVLC": {"coder": "0"},
    "CRF 40": {"crf": "40"},
}


@dataclass(frozen=True)
class Case:
    """A clip to write, and what was done to its table of key frames."""

    name: str
    coder: dict[str, str] = field(default_factory=dict)
    file: str = "clip.mp4"
    table: str = "as written"
    turned: tuple[int, bool] = (0, False)


def cases() -> Iterator[Case]:
    for (gop, one), (b_frames, two) in itertools.product(GOPS.items(), B_FRAMES.items()):
        for file in CONTAINERS:
            yield Case(f"{gop}, {b_frames}, {file}", {**one, **two}, file)
        for table in TABLES[1:]:
            yield Case(f"{gop}, {b_frames}, table {table}", {**one, **two}, "clip.mp4", table)
    for name, coder in OTHERS.items():
        yield Case(name, coder)
    for turned in orientations():
        for file, gop in itertools.product(CONTAINERS[:2], ("few", "open 12")):
            yield Case(f"turned {turned}, {gop}, {file}", GOPS[gop], file, turned=turned)


def orientations() -> Iterator[tuple[int, bool]]:
    """All eight: degrees against the clock, then mirrored or not."""
    return itertools.product((0, 90, 180, 270), (False, True))


@dataclass(frozen=True)
class Outcome:
    """wrong: windows that came with other frames; refused: with a reason; decord: windows that it decodes

    bare: windows of which decord, given the whole clip, gives other frames, or the same in another orientation
    key_frames: that the clip's table lists
    """

    case: Case
    windows: int
    wrong: tuple[str, ...]
    refused: tuple[str, ...]
    decord: int
    bare: int
    key_frames: int

    @property
    def like_official(self) -> bool:
        """As SoccerNet's clips are: MP4 by x264 with one to three key frames, each of which decoding can begin at."""
        case = self.case
        plain = case.file == "clip.mp4" and case.table == "as written" and case.turned == (0, False)
        return plain and self.key_frames <= 3 and "x264-params" not in case.coder


def run(case: Case, folder: Path) -> Outcome:
    """Write the case's clip and decode each window of it."""
    clip = write(case, folder)
    facts, stamps = examine(clip)
    wrong, refused, proven, bare = [], [], 0, 0
    for window in WINDOWS:
        wanted = window.indices()
        proven += excerpt(clip, facts, stamps, wanted) is not None
        bare += not right(by_bare_decord(clip, window), window)
        try:
            frames, _ = decode_clip(clip, window)
        except ClipError as reason:
            refused.append(f"{window}: {reason}")
            continue
        if not right(frames, window):
            wrong.append(f"{wanted} wanted, {[number_of(frame) for frame in frames]} came, or upside down")
    return Outcome(case, len(WINDOWS), tuple(wrong), tuple(refused), proven, bare, facts.key_frames)


def by_bare_decord(clip: RawFile, window: Window) -> np.ndarray:
    """None of the frames where decord gives none."""
    decord.logging.set_level(decord.logging.QUIET)
    try:
        reader = decord.VideoReader(clip.source(), width=window.width, height=window.height, num_threads=1)
        return reader.get_batch(window.indices()).asnumpy()
    except (decord.DECORDError, RuntimeError, IndexError):
        return np.empty((0, window.height, window.width, 3), np.uint8)


def right(frames: np.ndarray, window: Window) -> bool:
    """Whether these are the window's frames, upright."""
    return [number_of(frame) for frame in frames] == window.indices() and all(map(upright, frames))


def write(case: Case, folder: Path) -> RawFile:
    path = folder / case.file
    with av.open(str(path), "w") as file:
        stream = file.add_stream("libx264", rate=25, options={"threads": "1", "preset": "veryfast", **case.coder})
        stored = [as_stored(picture(number), *case.turned) for number in range(FRAMES)]
        stream.height, stream.width, _ = stored[0].shape
        stream.pix_fmt, stream.codec_context.time_base = "yuv420p", Fraction(1, 25)
        if case.turned != (0, False):
            stream.set_display_rotation(case.turned[0], hflip=case.turned[1])
        for number, each in enumerate(stored):
            frame = av.VideoFrame.from_ndarray(each, format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, 25)
            file.mux(stream.encode(frame))
        file.mux(stream.encode())
    path.write_bytes(with_table(path.read_bytes(), case.table))
    return RawFile(folder, case.file)


def picture(number: int) -> np.ndarray:
    """(HEIGHT, WIDTH, 3) uint8 as it is to be shown: its number in bars, coloured corners, and something that moves."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    shown = np.repeat((96 + 24 * np.sin(0.2 * x + 0.1 * y + 0.7 * number))[..., None], 3, axis=-1)
    for bit in range(BITS):
        shown[24:40, bit * BAR : (bit + 1) * BAR] = 235 * (number >> (BITS - 1 - bit) & 1)
    for colour, (down, right) in zip(CORNERS, itertools.product((0, -16), (0, -16))):
        shown[down : down + 16 or None, right : right + 16 or None] = colour
    return shown.astype(np.uint8)


def as_stored(shown: np.ndarray, degrees: int, mirrored: bool) -> np.ndarray:
    """What a player must turn by so many degrees against the clock, and then mirror, to show the picture."""
    return np.ascontiguousarray(np.rot90(shown[:, ::-1] if mirrored else shown, -degrees // 90))


def number_of(frame: np.ndarray) -> int:
    """The number in the bars of a decoded picture."""
    bars = frame[28:36].reshape(8, BITS, BAR, 3)[:, :, 4:12].mean(axis=(0, 2, 3))
    return int("".join(str(int(bar > 117)) for bar in bars), 2)


def upright(frame: np.ndarray) -> bool:
    """Whether the corners of a decoded picture are where they belong."""
    found = [frame[down, right] for down, right in itertools.product((6, -7), (6, -7))]
    return all(np.abs(colour.astype(int) - wanted).max() < 60 for colour, wanted in zip(found, CORNERS))


def with_table(content: bytes, table: str) -> bytes:
    """An MP4 with another table of key frames; a file without one stays. Source: ISO/IEC 14496-12, 8.6.2"""
    place = content.find(b"stss")
    if table == "as written" or place < 0:
        return content
    if table == "missing":
        return content[:place] + b"free" + content[place + 4 :]
    (count,) = struct.unpack_from(">I", content, place + 8)
    if table == "first alone":
        return content[: place + 8] + struct.pack(">I", 1) + content[place + 12 :]
    late = {"a frame late": 1, "three frames late": 3}[table]
    numbers = [min(number + late, FRAMES) for number in struct.unpack_from(f">{count}I", content, place + 12)]
    return content[: place + 12] + struct.pack(f">{count}I", *numbers) + content[place + 12 + 4 * count :]
