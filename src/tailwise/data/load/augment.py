"""Augmentation of clips on the device: mirrored, shifted, brighter or darker.

All randomness follows from the keys: a sample's draw in an epoch is the same whatever else
is in its batch, and whatever was drawn before.
"""

from dataclasses import dataclass

import numpy as np
import torch


@dataclass(frozen=True)
class Augment:
    """At strength 1; a phase's strength scales all three.

    mirror: chance that a view is mirrored, in [0, 0.5]
    shift: largest shift, as a share of height and of width
    brightness: largest change, as a share of the value
    """

    mirror: float
    shift: float
    brightness: float

    def __post_init__(self):
        if not 0 <= self.mirror <= 0.5 or not 0 <= self.shift < 0.5 or not 0 <= self.brightness < 1:
            raise ValueError("mirror must be in [0, 0.5], shift in [0, 0.5), brightness in [0, 1)")


def draw(keys: np.ndarray, views: int) -> np.ndarray:
    """(B, views, 4) uniform in [0, 1): mirror, shift down, shift right, brightness."""
    return np.stack([np.random.default_rng([int(word) for word in key]).random((views, 4)) for key in keys])


def augment_clips(clips: torch.Tensor, uniform: np.ndarray, augment: Augment, strength: float) -> torch.Tensor:
    """Change each view by its own draw; what a shift uncovers repeats the edge.

    clips: (B, V, T, H, W, 3) uint8; uniform: (B, V, 4) from `draw`; returns clips' shape, uint8
    """
    b, v, t, h, w, _ = clips.shape
    flat, u = clips.reshape(b * v, t, h, w, 3), uniform.reshape(b * v, 4)
    down = np.rint((2 * u[:, 1] - 1) * augment.shift * strength * h).astype(np.int64)
    right = np.rint((2 * u[:, 2] - 1) * augment.shift * strength * w).astype(np.int64)
    rows = np.clip(np.arange(h)[None] - down[:, None], 0, h - 1)
    columns = np.clip(np.arange(w)[None] - right[:, None], 0, w - 1)
    mirrored = u[:, 0] < augment.mirror * strength
    columns[mirrored] = columns[mirrored, ::-1]
    gain = 1 + (2 * u[:, 3] - 1) * augment.brightness * strength
    moved = torch.stack([clip[:, r][:, :, c] for clip, r, c in zip(flat, _ids(rows, clips), _ids(columns, clips))])
    factors = torch.from_numpy(gain.astype(np.float32)).to(clips.device).view(-1, 1, 1, 1, 1)
    return (moved * factors).clamp_(0, 255).to(torch.uint8).view_as(clips)


def _ids(places: np.ndarray, like: torch.Tensor) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(places)).to(like.device)
