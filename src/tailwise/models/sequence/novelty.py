"""Foote's novelty: how much the features on the two sides of a position differ, and where that peaks.

Source: Foote 2000, "Automatic audio segmentation using a measure of audio novelty"
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Foote:
    """kernel: positions on each side that are compared
    height: of a peak, in standard deviations of the novelty above its mean
    """

    kernel: int = 8
    height: float = 0.5

    def starts(self, features: np.ndarray) -> np.ndarray:
        """(N,) int64, sorted: positions from 1 where another section begins. features: (T, D)"""
        curve = novelty(features, self.kernel)
        return peaks(curve, self.kernel // 2, float(curve.mean() + self.height * curve.std()))


def novelty(features: np.ndarray, kernel: int) -> np.ndarray:
    """(T,): a checkerboard's fit to the cosine similarities around the border of t - 1 and t; 0 at the start.

    features: (T, D), T >= 1; what lies outside is 0. The checkerboard, tapered by a Gaussian, is the outer product of a
    vector with itself, so that its fit is the squared length of the sum of the unit features that the vector weighs.
    """
    offsets = np.arange(-kernel, kernel) + 0.5
    weights = np.sign(offsets) * np.exp(-((offsets / kernel) ** 2) * 2)
    exact = features.astype(np.float64)
    norms = np.linalg.norm(exact, axis=1, keepdims=True)
    padded = np.pad(exact / np.where(norms > 0, norms, 1), ((kernel, kernel), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * kernel, axis=0)
    curve = np.square(windows[: len(exact)] @ weights).sum(axis=1)
    curve[0] = 0
    return curve


def peaks(curve: np.ndarray, distance: int, height: float) -> np.ndarray:
    """Positions from 1 that are above `height` and the first highest within `distance` positions to each side."""
    found: list[int] = []
    for t in range(1, len(curve)):
        near = curve[max(0, t - distance) : t + distance + 1]
        if curve[t] > height and t == max(0, t - distance) + int(near.argmax()):
            found.append(t)
    return np.array(found, np.int64)
