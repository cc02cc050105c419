"""Which frames a changed view shows."""

import numpy as np

from tailwise.data.video.augment.draws import BASE, Draws
from tailwise.data.video.augment.ranges import Augment


def shown_frames(draws: Draws, augment: Augment, strength: np.ndarray, reversible: np.ndarray, clip: tuple[int, int]):
    """Places of the frames of N views, (N, kept) int64, in a clip of margin + kept + margin.

    draws: {group: (N, n)}; strength: (N,); reversible: (N,) bool; clip: its margin and the frames to keep
    """
    margin, kept = clip
    steps = np.broadcast_to(np.arange(kept), (len(strength), kept))
    if "time" in draws:
        reverse, speed, dropped = draws["time"][:, :1], draws["time"][:, 1], draws["time"][:, 2:]
        steps = faster(steps, (1 + augment.speed * strength) ** (2 * speed - 1))
        backwards = reversible[:, None] & (reverse < augment.reverse * strength[:, None])
        steps = np.where(backwards, steps[:, ::-1], steps)
        steps = held(steps, dropped < augment.drop_frames * strength[:, None])
    late = delays(draws[BASE][:, 4], augment.delay * strength)
    return (margin + late[:, None] + steps).clip(0, 2 * margin + kept - 1)


def delays(uniform: np.ndarray, reach: np.ndarray) -> np.ndarray:
    """Frames by which windows are moved: whole numbers up to `reach` either way, each as likely.

    uniform, reach: (N,); returns (N,) int64
    """
    most = np.rint(reach).astype(np.int64)
    return (uniform * (2 * most + 1)).astype(np.int64) - most


def faster(steps: np.ndarray, factor: np.ndarray) -> np.ndarray:
    """steps (N, kept) at a speed of factor (N,), about the frame in the middle, rounded to frames."""
    middle = steps.shape[1] // 2
    return middle + np.rint((steps - middle) * factor[:, None]).astype(np.int64)


def held(steps: np.ndarray, dropped: np.ndarray) -> np.ndarray:
    """In place of each dropped frame the last one before it that is not; the first stays. Both (N, kept)."""
    places = np.where(dropped, 0, np.arange(steps.shape[1]))
    return np.take_along_axis(steps, np.maximum.accumulate(places, axis=1), axis=1)
