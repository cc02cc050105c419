"""Which frames of a clip a model sees, and which parts of them.

A place is an index of one of `count` frames, in a clip or in the clip store. The store keeps F frames, spread evenly
over each clip (`decode.whole`). Where F is a multiple of T, T of them are the same as if they had been sampled from the
file: F = 2 T has both clips of a test by two clips, and two choices in each of T segments for training.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

FEWEST, MOST = 1, 256
"""Frames of a sampled clip."""


@dataclass(frozen=True)
class Sampling:
    """frames: number of frames T of a sampled clip
    kind: uniform: the middles of T equal parts; segments: one of each part, at random in training; key_frames: more
        where the content changes more; dense: neighbours, `stride` apart, from a random start in training
    """

    kind: Literal["uniform", "segments", "key_frames", "dense"]
    frames: int
    stride: int = 1

    def __post_init__(self) -> None:
        if not FEWEST <= self.frames <= MOST:
            raise ValueError(f"frames must be within {FEWEST} and {MOST}, found {self.frames}")
        if self.stride < 1:
            raise ValueError(f"stride must be at least 1, found {self.stride}")
        if self.stride > 1 and self.kind != "dense":
            raise ValueError(f"stride is of kind dense, not of {self.kind}: leave it out")

    def for_training(self, frames: np.ndarray, draws: np.ndarray) -> np.ndarray:
        """Places (T,) in frames (N, H, W, 3). draws: (T,) in [0, 1), of which alone the choice follows"""
        count = len(frames)
        if self.kind == "segments":
            return segments(count, self.frames, draws)
        if self.kind == "dense":
            return dense(count, self.frames, self.stride, float(draws[0]))
        return self.for_test(frames, 0, 1)

    def for_test(self, frames: np.ndarray, clip: int, clips: int) -> np.ndarray:
        """Places (T,) of the nth of several clips; key frames are the same in each."""
        if self.kind == "dense":
            return dense(len(frames), self.frames, self.stride, share_of(clip, clips))
        if self.kind == "key_frames":
            return key_frames(changes(frames), self.frames)
        return uniform(len(frames), self.frames, clip, clips)


def share_of(clip: int, clips: int) -> float:
    """Where the nth of several clips is, in [0, 1): the middle of its part.

    >>> share_of(0, 2), share_of(0, 1)
    (0.25, 0.5)
    """
    return (clip + 0.5) / clips


def uniform(count: int, frames: int, clip: int = 0, clips: int = 1) -> np.ndarray:
    """Places (T,) in T equal parts of a clip: the middles, or for the nth of several clips the middles of its parts.

    >>> uniform(32, 4).tolist(), uniform(32, 4, clip=1, clips=2).tolist()
    ([4, 12, 20, 28], [6, 14, 22, 30])
    """
    return segments(count, frames, np.full(frames, share_of(clip, clips)))


def segments(count: int, frames: int, shares: np.ndarray) -> np.ndarray:
    """Places (T,), one in each of T equal parts. shares: (T,) in [0, 1), where in its part

    Source: https://arxiv.org/abs/1608.00859, temporal segment networks
    """
    places = np.floor((np.arange(frames) + shares) / frames * count + ROUNDING)
    return np.clip(places, 0, count - 1).astype(np.int64)


ROUNDING = 1e-9
"""Added before rounding down, for shares that are not exact as floats."""


def dense(count: int, frames: int, stride: int, share: float) -> np.ndarray:
    """Places (T,), `stride` apart. share: in [0, 1), where among the possible starts; a short clip's last is repeated.

    >>> dense(10, 3, 2, 0.0).tolist(), dense(10, 3, 2, 0.99).tolist()
    ([0, 2, 4], [5, 7, 9])
    """
    starts = max(count - (frames - 1) * stride, 1)
    return np.minimum(int(share * starts) + stride * np.arange(frames), count - 1)


def changes(frames: np.ndarray) -> np.ndarray:
    """(N - 1,): the mean absolute difference of neighbouring frames (N, H, W, 3), in grey levels of their blocks."""
    blocks = _blocks(frames)
    return np.abs(np.diff(blocks, axis=0)).mean(axis=(1, 2))


BLOCK = 8
"""Pixels a side, so that noise of single pixels is no change."""


def _blocks(frames: np.ndarray) -> np.ndarray:
    """Mean grey levels of blocks (N, H / BLOCK, W / BLOCK); the smallest picture is one block."""
    height, width = (max(side // BLOCK, 1) for side in frames.shape[1:3])
    rows, columns = (min(side, BLOCK) for side in frames.shape[1:3])
    grey = frames[:, : height * rows, : width * columns].astype(np.float32).mean(axis=3)
    return grey.reshape(len(frames), height, rows, width, columns).mean(axis=(2, 4))


def key_frames(changed: np.ndarray, frames: int) -> np.ndarray:
    """Places (T,), ascending, between which the content changes by equal amounts.

    changed: (N - 1,), from `changes`. Where nothing changes the places are those of `uniform`. They are all different
    where N is at least T.
    """
    count = len(changed) + 1
    if not changed.sum() > 0:
        return uniform(count, frames)
    gone = np.concatenate([[0.0], np.cumsum(changed)]) / changed.sum()
    wanted = (np.arange(frames) + 0.5) / frames
    places = np.abs(gone[None] - wanted[:, None]).argmin(axis=1)
    return distinct(places, count) if count >= frames else places


def distinct(places: np.ndarray, count: int) -> np.ndarray:
    """Ascending places moved apart, so that all differ, as little as a pass from each end can."""
    order = np.arange(len(places))
    later = np.maximum.accumulate(places - order) + order
    return np.minimum(later, count - len(places) + order)


@dataclass(frozen=True)
class Protocol:
    """How a clip is tested: the mean of the probabilities over `clips` samplings in time and `crops` in space."""

    frames: int
    clips: int
    crops: Literal[1, 3]

    @property
    def views(self) -> int:
        return self.clips * self.crops


PROTOCOLS = {
    "8x1x1": Protocol(8, 1, 1),
    "8x1x3": Protocol(8, 1, 3),
    "8x2x3": Protocol(8, 2, 3),
    "16x1x1": Protocol(16, 1, 1),
    "16x1x3": Protocol(16, 1, 3),
    "16x2x3": Protocol(16, 2, 3),
}
"""{frames x clips x crops: protocol}, as papers on Something-Something-V2 name them. Sources: 8x1x3: TimeSformer,
https://arxiv.org/abs/2102.05095; 8x2x3: TSM, https://arxiv.org/abs/1811.08383; 16x1x3: MViT,
https://arxiv.org/abs/2104.11227; 16x2x3: VideoMAE, https://arxiv.org/abs/2203.12602, and CAST,
https://arxiv.org/abs/2311.18825."""


def views_of(
    frames: np.ndarray, protocol: Protocol, size: int, kind: Literal["uniform", "dense"] = "uniform", stride: int = 1
) -> np.ndarray:
    """Every view (clips * crops, T, size, size, 3) of frames (N, H, W, 3); the crops of a clip follow each other."""
    how = Sampling(kind, protocol.frames, stride)
    boxes = crop_corners(frames.shape[1], frames.shape[2], size, protocol.crops)
    clips = [frames[how.for_test(frames, clip, protocol.clips)] for clip in range(protocol.clips)]
    return np.stack([cropped(clip, corner, size) for clip in clips for corner in boxes])


def crop_corners(height: int, width: int, size: int, crops: int) -> list[tuple[int, int]]:
    """(top, left) of square crops: the middle one, or three along the longer side; ValueError if none fits.

    >>> crop_corners(112, 150, 112, 3)
    [(0, 0), (0, 19), (0, 38)]
    """
    down, right = height - size, width - size
    if min(down, right) < 0:
        raise ValueError(f"a crop of {size}x{size} pixels does not fit into frames of {width}x{height}")
    if crops == 1:
        return [(down // 2, right // 2)]
    if crops != 3:
        raise ValueError(f"1 or 3 crops, found {crops}")
    if right >= down:
        return [(down // 2, place) for place in (0, right // 2, right)]
    return [(place, right // 2) for place in (0, down // 2, down)]


def cropped(frames: np.ndarray, corner: tuple[int, int], size: int) -> np.ndarray:
    """The square part of frames (..., H, W, 3) that begins at (top, left)."""
    top, left = corner
    return frames[..., top : top + size, left : left + size, :]
