"""Random numbers of views, which follow from the samples' keys alone."""

from collections.abc import Mapping

import numpy as np

from tailwise.data.augment import streams
from tailwise.data.video.augment.ranges import Augment

Draws = Mapping[str, np.ndarray]
"""{group: (B, V, n) uniform in [0, 1)}. Each group has its own stream, so that an option moves no other's draws."""

BASE = "base"
"""Mirror, shift down, shift right, brightness, delay: always drawn."""
STREAMS = {"space": 1, "light": 2, "time": 3, "erase": 4, "views": 5, "pass": 6}
"""What is added to a sample's key for the draws of a group; a number once given stays."""


def uniform(keys: np.ndarray, shape: tuple[int, ...], group: str = BASE) -> np.ndarray:
    """(B, *shape) uniform in [0, 1), of a group. keys: (B, words)"""
    return streams.uniform(keys, shape, STREAMS.get(group))


def draw(keys: np.ndarray, views: int, frames: int, augment: Augment) -> Draws:
    """The groups that these ranges use.

    space: zoom, rotate; light: contrast, red, green, blue; time: reverse, the same for all views of a sample, speed,
    then whether each frame is dropped; erase: height, width, from the top, from the left; views: whether it is dropped
    """
    sizes = {
        "space": 2 if augment.zoom or augment.rotate else 0,
        "light": 4 if augment.contrast or augment.colour else 0,
        "time": 2 + frames if augment.speed or augment.drop_frames or augment.reverse else 0,
        "erase": 4 if augment.erase else 0,
        "views": 1 if augment.drop_views else 0,
    }
    groups = {group: uniform(keys, (views, size), group) for group, size in sizes.items() if size}
    if "time" in groups:
        groups["time"][..., 0] = groups["time"][:, :1, 0]
    return {BASE: uniform(keys, (views, 5)), **groups}
