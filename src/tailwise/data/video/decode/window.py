"""The window: which frames of a clip to decode, and their size."""

import bisect
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Short = Literal["refuse", "pad"]
"""What to do with a clip that ends before the window: refuse it, or repeat its last frame."""

LONGEST = 10_000
"""Maximum frames of a window, margins included."""
WIDEST = 16_384
"""Maximum height and width in pixels, as in H.264."""
MOST_PIXELS = 2**26
"""Maximum pixels of a window over all frames: 32 frames of 1920x1080."""


@dataclass(frozen=True)
class Window:
    """centre: the middle frame; stride: distance between sampled frames; frames: number of frames for the model
    margin: extra frames on either side, for temporal augmentation
    height, width: pixels; the whole picture is scaled to this size
    unit: of centre and stride. Seconds are counted from the clip's first frame, so clips of different frame rates cover
        the same time span; the nearest frame is taken, the earlier one of a tie
    """

    centre: float
    stride: float
    frames: int
    margin: int
    height: int
    width: int
    unit: Literal["frames", "seconds"] = "frames"

    def __post_init__(self):
        if self.unit == "frames":
            for name in ("centre", "stride"):
                if (value := getattr(self, name)) != int(value):
                    found = f"found {value:g}; or set unit to seconds"
                    raise ValueError(f"{name} must be a whole number of frames, {found}")
                object.__setattr__(self, name, int(value))
        least = 1 if self.unit == "frames" else LEAST_S
        if min(self.frames, self.height, self.width) < 1 or self.margin < 0 or self.stride < least:
            raise ValueError(
                f"stride must be at least {least:g}, frames, height and width at least 1, margin at least 0"
            )
        if self.frames + 2 * self.margin > LONGEST or max(self.height, self.width) > WIDEST:
            raise ValueError(f"a window keeps at most {LONGEST} frames of {WIDEST}x{WIDEST} pixels")
        if (self.frames + 2 * self.margin) * self.height * self.width > MOST_PIXELS:
            raise ValueError(f"a window has at most {MOST_PIXELS} pixels in all its frames; take fewer or smaller ones")
        if (first := self.steps()[0]) < 0:
            start = f"frame {first}" if self.unit == "frames" else f"{first:g} s"
            raise ValueError(f"the window would start at {start}: move centre, or take a smaller margin or stride")

    def steps(self) -> list[float]:
        """Positions of the sampled frames in the clip, in the window's unit, margins included.

        `centre` is at index margin + frames // 2.
        """
        return [
            self.centre + self.stride * (i - self.frames // 2) for i in range(-self.margin, self.frames + self.margin)
        ]

    def indices(self, rate: float | None = None) -> list[int]:
        """Frame indices in a clip of constant frame rate. rate: frames per second, needed if the unit is seconds"""
        if self.unit == "frames":
            return [int(step) for step in self.steps()]
        if not rate:
            raise ValueError("a window in seconds needs the clip's rate")
        return [nearest(step * rate) for step in self.steps()]

    def places(self, moments: Sequence[float], rate: float) -> list[int]:
        """Frame indices in a clip of variable frame rate. moments: display times in seconds from the first frame

        Extrapolates beyond the last frame at `rate`; without moments, assumes that constant rate.
        """
        if self.unit == "frames" or not moments:
            return self.indices(rate)
        beyond = len(moments) - 1
        return [
            nearest_in(moments, step) if step <= moments[-1] else beyond + nearest((step - moments[-1]) * rate)
            for step in self.steps()
        ]


LEAST_S = 1e-3
"""Minimum stride in seconds."""
TINY = 1e-6
"""Tolerance, as a share of a frame, for times rounded to a container's ticks."""


def nearest(place: float) -> int:
    """The nearest integer; ties go down."""
    return math.ceil(place - 0.5 - TINY)


def nearest_in(moments: Sequence[float], moment: float) -> int:
    """The index of the nearest of these ascending moments; ties go to the earlier one."""
    after = min(bisect.bisect_left(moments, moment), len(moments) - 1)
    before = max(after - 1, 0)
    gap = moments[after] - moments[before]
    return after if moments[after] - moment < moment - moments[before] - gap * TINY else before


def within(places: Sequence[int], frames: int, short: Short) -> list[int]:
    """Clamp frame indices to a clip of so many frames; raises ValueError if it is too short and short is "refuse"."""
    if frames < 1 or (places[-1] >= frames and short == "refuse"):
        raise ValueError(f"shorter than the window: {frames} frames, {places[-1] + 1} needed")
    return [min(place, frames - 1) for place in places]
