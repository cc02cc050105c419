"""Which frames of a clip are kept, and at what size."""

from dataclasses import dataclass
from pathlib import Path

import decord
import numpy as np

from tailwise.core.errors import UserError


@dataclass(frozen=True)
class Window:
    """centre: frame in the middle; stride: frames between kept ones; height, width: pixels."""

    centre: int
    stride: int
    frames: int
    height: int
    width: int

    def __post_init__(self):
        if min(self.stride, self.frames, self.height, self.width) < 1:
            raise ValueError("stride, frames, height and width must be at least 1")
        if self.indices()[0] < 0:
            raise ValueError(f"the window would start at frame {self.indices()[0]}: move centre or take fewer frames")

    def indices(self) -> list[int]:
        """The kept frames' places in the clip; `centre` is the one at frames // 2."""
        return [self.centre + self.stride * (i - self.frames // 2) for i in range(self.frames)]


class Faulty(Exception):
    """A clip that cannot be decoded; the text is the reason."""


def decode_window(path: Path, window: Window) -> np.ndarray:
    """(frames, height, width, 3) uint8 RGB; raises Faulty with the reason.

    One decord thread, opened, read and closed here: a reader kept open grows without bound.
    """
    if not path.is_file():
        raise Faulty("absent")
    decord.logging.set_level(decord.logging.QUIET)  # FFmpeg's messages do not name the clip
    try:
        reader = decord.VideoReader(str(path), width=window.width, height=window.height, num_threads=1)
        indices = window.indices()
        if len(reader) <= indices[-1]:
            raise Faulty(f"shorter than the window: {len(reader)} frames, {indices[-1] + 1} needed")
        frames = np.stack([reader[i].asnumpy() for i in indices])
    except (decord.DECORDError, RuntimeError) as error:
        raise Faulty("cannot be decoded") from error
    if frames.shape[-1] != 3:  # decord 0.6 scales to widths 16, 24, 48 and 72 with a fourth channel
        raise UserError(f"params.yaml: window.width: decord cannot scale to a width of {window.width}; take 8 more")
    return frames
