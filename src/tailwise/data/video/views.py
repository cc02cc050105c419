"""Views of a decoded clip: which of its frames, and which part of them, a model is given at a time."""

from dataclasses import dataclass

import numpy as np

from tailwise.data.video.sampling import PROTOCOLS, Protocol, Sampling, crop_corners, cropped

Size = tuple[int, int, int]
"""Frames, height and width."""


@dataclass(frozen=True)
class Views:
    """sampling: which of the decoded frames
    crop: side of a square part of them, in pixels; null: the whole picture
    test: name of a published protocol, frames x clips x crops, whose views are averaged in tests; null: one view
    """

    sampling: Sampling
    crop: int | None = None
    test: str | None = None

    def __post_init__(self):
        if self.test is not None and self.test not in PROTOCOLS:
            raise ValueError(f"test {self.test!r} is no protocol; there are: {', '.join(PROTOCOLS)}")
        if self.protocol.frames != self.sampling.frames:
            raise ValueError(
                f"test {self.test} is of {self.protocol.frames} frames, sampling of {self.sampling.frames}"
            )
        if self.protocol.crops == 3 and self.crop is None:
            raise ValueError(f"test {self.test} has three crops: set crop")
        if self.crop is not None and self.crop < 1:
            raise ValueError(f"crop must be at least 1, found {self.crop}")

    @property
    def protocol(self) -> Protocol:
        return PROTOCOLS[self.test] if self.test else Protocol(self.sampling.frames, 1, 1)

    @property
    def varies(self) -> bool:
        """Whether training has different views of a clip."""
        return self.sampling.kind in ("segments", "dense") or self.crop is not None

    def shape(self, decoded: Size) -> Size:
        """Of a view. Raises ValueError if so many frames, or such a crop, are not in the decoded clip."""
        frames, height, width = decoded
        if self.sampling.frames > frames:
            raise ValueError(f"sampling takes {self.sampling.frames} frames of {frames}: decode more")
        if self.crop is None:
            return self.sampling.frames, height, width
        crop_corners(height, width, self.crop, self.protocol.crops)
        return self.sampling.frames, self.crop, self.crop

    def check(self, decoded: Size) -> None:
        """Raise ValueError for views that are not in a decoded clip of this size, or of which two are the same."""
        self.shape(decoded)
        (count, height, width), clips = decoded, self.protocol.clips
        still = np.zeros((count, 1, 1, 1), np.uint8)
        if len({tuple(self.sampling.for_test(still, clip, clips).tolist()) for clip in range(clips)}) < clips:
            raise ValueError(f"test {self.test}: {self.sampling.kind} of {count} frames takes the same in each clip")
        corners = crop_corners(height, width, self.crop, self.protocol.crops) if self.crop else []
        if len(set(corners)) < len(corners):
            raise ValueError(f"test {self.test}: crops of {self.crop} pixels are the same: decode wider frames")

    def for_test(self, frames: np.ndarray) -> np.ndarray:
        """Every view (V, T, h, w, 3) of frames (N, H, W, 3)."""
        clips = range(self.protocol.clips)
        taken = [frames[self.sampling.for_test(frames, clip, self.protocol.clips)] for clip in clips]
        return np.concatenate([self._crops(clip, self.protocol.crops) for clip in taken])

    def plain(self, frames: np.ndarray) -> np.ndarray:
        """The view (T, h, w, 3) of training without augmentation: the first of one clip, the middle crop."""
        return self._crops(frames[self.sampling.for_test(frames, 0, 1)], 1)[0]

    def for_training(self, frames: np.ndarray, draws: np.ndarray) -> np.ndarray:
        """A view (T, h, w, 3) by chance. draws: (T + 2,) in [0, 1), of which alone the choice follows"""
        taken = frames[self.sampling.for_training(frames, draws[2:])]
        if self.crop is None:
            return taken
        room = np.array(frames.shape[1:3]) - self.crop + 1
        top, left = np.floor(draws[:2] * room).astype(int).tolist()
        return cropped(taken, (top, left), self.crop)

    def _crops(self, frames: np.ndarray, crops: int) -> np.ndarray:
        """(crops, T, h, w, 3)"""
        if self.crop is None:
            return frames[None]
        corners = crop_corners(frames.shape[1], frames.shape[2], self.crop, crops)
        return np.stack([cropped(frames, corner, self.crop) for corner in corners])
