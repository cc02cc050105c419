"""Small real clips, encoded by PyAV: the tests' own second opinion on decord."""

from pathlib import Path

import av
import numpy as np


def write_clip(path: Path, seed: int = 0, frames: int = 16, width: int = 64, height: int = 40) -> Path:
    """H.264 of smooth shapes that drift; another seed gives another clip."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    waves = rng.uniform(0.02, 0.08, (3, 2))
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as file:
        stream = file.add_stream("libx264", rate=25, options={"threads": "1"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for t in range(frames):
            picture = np.stack([127 + 120 * np.sin(a * x + b * y + 0.4 * t + seed) for a, b in waves], axis=-1)
            frame = av.VideoFrame.from_ndarray(picture.astype(np.uint8), format="rgb24")
            file.mux(stream.encode(frame))
        file.mux(stream.encode())
    return path


def read_clip(path: Path) -> np.ndarray:
    """(frames, height, width, 3) uint8 RGB, by PyAV."""
    with av.open(str(path)) as file:
        return np.stack([frame.to_ndarray(format="rgb24") for frame in file.decode(video=0)])
