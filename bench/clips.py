"""Synthetic clips with the official geometry: 126 frames at 25 fps, one key frame, with a sound track."""

import tempfile
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import av
import numpy as np

if TYPE_CHECKING:
    import pandas as pd

FRAMES, RATE = 126, 25


def film(path: Path, width: int, height: int, seed: int) -> Path:
    """H.264 of a textured ground under a moving camera, and grain, at about the official bit rate."""
    rng = np.random.default_rng(seed)
    ground = np.kron(rng.integers(0, 256, (40, 60, 3)), np.ones((16, 16, 1))).astype(np.uint8)
    grain = rng.integers(0, 40, (height + 40, width + 40, 1), np.uint8)
    with av.open(str(path), "w") as file:
        stream = file.add_stream("libx264", rate=RATE, options={"preset": "fast", "crf": "26", "g": "250"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.codec_context.time_base = Fraction(1, RATE)
        tiled = np.tile(ground, (3, 3, 1))
        sound = file.add_stream("aac", rate=16000, layout="mono")
        for t in range(FRAMES):
            down, right = rng.integers(0, 40, 2)
            seen = tiled[t : t + height, 2 * t : 2 * t + width] // 2 + grain[down:, right:][:height, :width]
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(seen), format="rgb24")
            frame.pts, frame.time_base = t, Fraction(1, RATE)
            file.mux(stream.encode(frame))
            noise = rng.normal(0, 0.1, (1, 640)).astype(np.float32)
            audio = av.AudioFrame.from_ndarray(noise, format="fltp", layout="mono")
            audio.sample_rate, audio.pts = 16000, 640 * t
            file.mux(sound.encode(audio))
        for track in (stream, sound):
            file.mux(track.encode())
    return path


def label(path: Path, number: int) -> bytes:
    """The same clip with different bytes: adds an MP4 box that players skip, so that hashes differ."""
    return path.read_bytes() + (16).to_bytes(4) + b"free" + number.to_bytes(8)


def folder_of(count: int, kinds: list[Path]) -> tuple[tempfile.TemporaryDirectory, "pd.DataFrame"]:
    """`count` clips of alternating kinds in a temporary data root, and their index table."""
    import pandas as pd  # imported here: memory benchmarks load this module

    place = tempfile.TemporaryDirectory()
    rows = []
    for number in range(count):
        path = f"clip_{number}.mp4"
        (Path(place.name) / path).write_bytes(label(kinds[number % len(kinds)], number))
        rows.append({"sample": f"train/{number // 2}", "view": str(number % 2), "path": path, "content": str(number)})
    return place, pd.DataFrame(rows)
