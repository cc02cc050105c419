"""From times to windows: labelled intervals and frames to one label and one vector a window."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Interval:
    """A section from `start` to `end`, in seconds."""

    start: float
    end: float
    label: str


def window_labels(intervals: Sequence[Interval], count: int, window_s: float) -> tuple[str, ...]:
    """Each window's label: that of the interval with which it overlaps most, of two alike the first; "" without one.

    intervals: one after another, without overlap
    """
    starts = [interval.start for interval in intervals]
    return tuple(_label_at(intervals, starts, place * window_s, (place + 1) * window_s) for place in range(count))


def _label_at(intervals: Sequence[Interval], starts: Sequence[float], start: float, end: float) -> str:
    longest, label = 0.0, ""
    for interval in intervals[max(bisect_right(starts, start) - 1, 0) : bisect_right(starts, end)]:
        overlap = min(end, interval.end) - max(start, interval.start)
        if overlap > longest:
            longest, label = overlap, interval.label
    return label


def window_means(times: np.ndarray, values: np.ndarray, count: int, window_s: float) -> np.ndarray:
    """Mean over the frames that start in each window, (count, D) float32.

    times: (F,) in seconds, ascending; values: (F, D). A window without a frame has that of the window before, or 0.
    """
    edges = np.searchsorted(times, np.arange(count + 1) * window_s)
    total = np.concatenate([np.zeros((1, values.shape[1])), np.cumsum(values, axis=0, dtype=np.float64)])
    sums, counts = total[edges[1:]] - total[edges[:-1]], np.diff(edges)
    means = sums / np.maximum(counts, 1)[:, None]
    last = np.maximum.accumulate(np.where(counts > 0, np.arange(count), 0))
    return means[last].astype(np.float32)
