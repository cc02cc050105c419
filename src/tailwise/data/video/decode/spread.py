"""Frames spread over a whole clip, whatever its length."""

from dataclasses import dataclass

from tailwise.data.video.decode.window import LONGEST, MOST_PIXELS, WIDEST
from tailwise.data.video.sampling import uniform


@dataclass(frozen=True)
class Spread:
    """frames: how many; height, width: pixels, the whole picture is scaled to this size

    The clip is cut into as many equal parts, and the frame in the middle of each is taken; frames of a shorter clip
    are repeated. Source: https://arxiv.org/abs/1608.00859, section 3.1
    """

    frames: int
    height: int
    width: int

    def __post_init__(self):
        if min(self.frames, self.height, self.width) < 1:
            raise ValueError("frames, height and width must be at least 1")
        if self.frames > LONGEST or max(self.height, self.width) > WIDEST:
            raise ValueError(f"at most {LONGEST} frames of {WIDEST}x{WIDEST} pixels are kept")
        if self.frames * self.height * self.width > MOST_PIXELS:
            raise ValueError(f"at most {MOST_PIXELS} pixels in all frames; take fewer or smaller ones")

    def among(self, frames: int) -> list[int]:
        """Frame indices in a clip of so many frames, ascending.

        >>> Spread(4, 8, 8).among(8)
        [1, 3, 5, 7]
        """
        return uniform(frames, self.frames).tolist()
