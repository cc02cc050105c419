"""Which frames of a clip are kept, and at what size."""

from dataclasses import dataclass

LONGEST = 10_000
"""Frames that are kept of a clip at most."""
WIDEST = 16_384
"""Pixels that a side has at most, as in H.264."""
MOST_PIXELS = 2**26
"""Pixels that a window has at most, in all its frames: 32 frames of 1920x1080."""


@dataclass(frozen=True)
class Window:
    """centre: frame in the middle; stride: frames between kept ones; frames: kept for the model
    margin: frames kept besides on either side, for augmentation in time
    height, width: pixels; the whole field of view is scaled to them
    """

    centre: int
    stride: int
    frames: int
    margin: int
    height: int
    width: int

    def __post_init__(self):
        if min(self.stride, self.frames, self.height, self.width) < 1 or self.margin < 0:
            raise ValueError("stride, frames, height and width must be at least 1, margin at least 0")
        if self.frames + 2 * self.margin > LONGEST or max(self.height, self.width) > WIDEST:
            raise ValueError(f"a window keeps at most {LONGEST} frames of {WIDEST}x{WIDEST} pixels")
        if (self.frames + 2 * self.margin) * self.height * self.width > MOST_PIXELS:
            raise ValueError(f"a window has at most {MOST_PIXELS} pixels in all its frames; take fewer or smaller ones")
        if self.indices()[0] < 0:
            raise ValueError(
                f"the window would start at frame {self.indices()[0]}: move centre, or take a smaller margin or stride"
            )

    def indices(self) -> list[int]:
        """The kept frames' places in the clip, margins included; `centre` is at margin + frames // 2."""
        return [
            self.centre + self.stride * (i - self.frames // 2) for i in range(-self.margin, self.frames + self.margin)
        ]
