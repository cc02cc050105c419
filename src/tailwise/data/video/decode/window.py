"""Which frames of a clip are kept, and at what size."""

import bisect
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Short = Literal["refuse", "pad"]
"""What is done with a clip that ends before the window does: it is refused, or its last frame is repeated."""

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
    unit: of centre and stride. In seconds they are counted from the clip's first frame, and clips of different rates
        give the same stretch of time; of a moment the nearest frame is kept, of two as near the earlier
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
        """Where the kept frames are in the clip, in the window's unit, margins included.

        `centre` is at margin + frames // 2.
        """
        return [
            self.centre + self.stride * (i - self.frames // 2) for i in range(-self.margin, self.frames + self.margin)
        ]

    def indices(self, rate: float | None = None) -> list[int]:
        """The kept frames' places in a clip of a constant rate, in frames per second; for frames it does not matter."""
        if self.unit == "frames":
            return [int(step) for step in self.steps()]
        if not rate:
            raise ValueError("a window in seconds needs the clip's rate")
        return [nearest(step * rate) for step in self.steps()]

    def places(self, moments: Sequence[float], rate: float) -> list[int]:
        """The kept frames' places in a clip of any rate. moments: of its frames, in seconds from the first

        Beyond its last frame it is as if it went on at its rate; without moments it has that rate throughout.
        """
        if self.unit == "frames" or not moments:
            return self.indices(rate)
        beyond = len(moments) - 1
        return [
            nearest_in(moments, step) if step <= moments[-1] else beyond + nearest((step - moments[-1]) * rate)
            for step in self.steps()
        ]


LEAST_S = 1e-3
"""Seconds between kept frames at least."""
TINY = 1e-6
"""Share of a frame by which times are off that were rounded to a container's ticks."""


def nearest(place: float) -> int:
    """The nearest whole number, of two as near the smaller."""
    return math.ceil(place - 0.5 - TINY)


def nearest_in(moments: Sequence[float], moment: float) -> int:
    """The place of the nearest of these ascending moments, of two as near the earlier."""
    after = min(bisect.bisect_left(moments, moment), len(moments) - 1)
    before = max(after - 1, 0)
    gap = moments[after] - moments[before]
    return after if moments[after] - moment < moment - moments[before] - gap * TINY else before


def within(places: Sequence[int], frames: int, short: Short) -> list[int]:
    """The places of a clip of so many frames; raises ValueError where they go beyond it and it is not to be padded."""
    if frames < 1 or (places[-1] >= frames and short == "refuse"):
        raise ValueError(f"shorter than the window: {frames} frames, {places[-1] + 1} needed")
    return [min(place, frames - 1) for place in places]
