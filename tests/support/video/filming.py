"""Small real clips, encoded and decoded by PyAV as a reference for decord."""

import struct
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np


def picture(seed: int, t: int, width: int, height: int) -> np.ndarray:
    """(height, width, 3) uint8: smooth shapes that drift; another seed gives others."""
    y, x = np.mgrid[:height, :width]
    waves = np.random.default_rng(seed).uniform(0.02, 0.08, (3, 2))
    seen = np.stack([127 + 120 * np.sin(a * x + b * y + 0.4 * t + seed) for a, b in waves], axis=-1)
    return seen.astype(np.uint8)


def write_clip(
    path: Path,
    seed: int = 0,
    frames: int = 16,
    width: int = 64,
    height: int = 40,
    codec: str = "libx264",
    pixels: str = "yuv420p",
    times: Sequence[int] | None = None,
    coder: dict[str, str] | None = None,
    muxer: dict[str, str] | None = None,
    sound: bool = False,
) -> Path:
    """Drifting shapes, encoded. times: of the frames in 1/25 s, for a variable rate or a late start."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w", options=muxer or {}) as file:
        stream = file.add_stream(codec, rate=25, options={"threads": "1"} if coder is None else coder)
        stream.width, stream.height, stream.pix_fmt = width, height, pixels
        stream.codec_context.time_base = Fraction(1, 25)
        if sound:
            write_sound(file, frames)
        for t in range(frames):
            frame = av.VideoFrame.from_ndarray(picture(seed, t, width, height), format="rgb24")
            frame.pts, frame.time_base = times[t] if times else t, Fraction(1, 25)
            file.mux(stream.encode(frame))
        file.mux(stream.encode())
    return path


def write_sound(file, frames: int) -> None:
    """A silent audio track of `frames` / 25 s."""
    stream = file.add_stream("aac", rate=16000, layout="mono")
    for nth in range(frames):
        sound = av.AudioFrame.from_ndarray(np.zeros((1, 640), np.float32), format="fltp", layout="mono")
        sound.sample_rate, sound.pts = 16000, 640 * nth
        file.mux(stream.encode(sound))
    file.mux(stream.encode())


def turn(path: Path) -> Path:
    """Have an MP4 say that it is to be shown turned by a quarter: the matrix of its track header."""
    content = bytearray(path.read_bytes())
    header = content.find(b"tkhd")
    matrix = header + 4 + (4 + 20 if content[header + 4] == 0 else 4 + 32) + 16
    content[matrix : matrix + 36] = struct.pack(">9i", 0, 65536, 0, -65536, 0, 0, 0, 0, 1 << 30)
    path.write_bytes(content)
    return path


def read_clip(path: Path) -> np.ndarray:
    """(frames, height, width, 3) uint8 RGB, by PyAV, turned as the file says."""
    with av.open(str(path)) as file:
        frames = [(frame.to_ndarray(format="rgb24"), frame.rotation) for frame in file.decode(video=0)]
    return np.stack([np.rot90(frame, round(rotation / 90)) for frame, rotation in frames])
