"""Bytes changed within single packets of a clip, codec by codec, and whether decoding reports it."""

import io
import tempfile
from collections import Counter
from pathlib import Path

import av
import numpy as np

from support.video.filming import write_clip
from tailwise.data.raw import RawFile
from tailwise.data.video.decode.container import ClipError
from tailwise.data.video.decode.frames import decode_clip
from tailwise.data.video.decode.window import Window

WINDOW = Window(centre=20, stride=2, frames=6, margin=0, height=144, width=256)
KINDS = {
    "H.264 in MP4": ("clip.mp4", {}),
    "H.264, many key frames": ("clip.mp4", {"coder": {"g": "6"}}),
    "H.264 in a transport stream": ("clip.ts", {}),
    "HEVC": ("clip.mp4", {"codec": "libx265", "coder": {"x265-params": "log-level=none"}}),
    "VP9": ("clip.webm", {"codec": "libvpx-vp9", "coder": {}}),
}


def packets(content: bytes) -> list[tuple[int, int]]:
    """(place in the file, size) of each picture"""
    with av.open(io.BytesIO(content)) as file:
        return [(packet.pos, packet.size) for packet in file.demux(video=0) if packet.size]


def changed(content: bytes, place: int, size: int, seed: int) -> bytes:
    """About a tenth of a packet's bytes are others; its first ones, which hold its headers, stay."""
    damaged = np.frombuffer(content, np.uint8).copy()
    rng = np.random.default_rng(seed)
    damaged[place + rng.integers(min(16, size // 2), size, max(size // 10, 8))] ^= rng.integers(
        1, 256, max(size // 10, 8), np.uint8
    )
    return damaged.tobytes()


def outcomes_of(name: str) -> Counter:
    """Outcomes of decoding after changing one packet in or before the window, packet by packet.

    "same": the window's frames are those of the whole clip; "other": they are not, and no error was reported
    """
    with tempfile.TemporaryDirectory() as folder:
        return _outcomes_of(Path(folder), *KINDS[name])


def _outcomes_of(folder: Path, file: str, how: dict) -> Counter:
    path = write_clip(folder / file, 1, frames=40, width=256, height=144, **how)
    raw, content, found = RawFile(folder, file), path.read_bytes(), Counter()
    whole, _ = decode_clip(raw, WINDOW)
    for number, (place, size) in enumerate(packets(content)[4:25]):
        path.write_bytes(changed(content, place, size, number))
        try:
            frames, _ = decode_clip(raw, WINDOW)
        except ClipError as reason:
            found[str(reason).partition(":")[0]] += 1
        else:
            found["same" if np.abs(frames.astype(int) - whole).max() < 8 else "other"] += 1
    return found
