"""Augmentation of clips on the device: mirrored, shifted in space and time, brighter or darker.

All randomness follows from the keys: a sample's draw in an epoch is the same whatever else
is in its batch, and whatever was drawn before.
"""

from dataclasses import dataclass

import numpy as np
import torch


@dataclass(frozen=True)
class Augment:
    """At strength 1; a phase's strength scales all four.

    mirror: chance that a view is mirrored, in [0, 0.5]
    shift: largest shift, as a share of height and of width
    brightness: largest change, as a share of the value
    delay: largest shift in time, in kept frames; window.margin must hold it
    """

    mirror: float
    shift: float
    brightness: float
    delay: int

    def __post_init__(self):
        if self.delay < 0:
            raise ValueError("delay must be at least 0")
        if not 0 <= self.mirror <= 0.5 or not 0 <= self.shift < 0.5 or not 0 <= self.brightness < 1:
            raise ValueError("mirror must be in [0, 0.5], shift in [0, 0.5), brightness in [0, 1)")


def draw(keys: np.ndarray, views: int) -> np.ndarray:
    """(B, views, 5) uniform in [0, 1): mirror, shift down, shift right, brightness, delay."""
    return np.stack([np.random.default_rng([int(word) for word in key]).random((views, 5)) for key in keys])


def augment_clips(
    clips: torch.Tensor, mask: torch.Tensor, uniform: np.ndarray, augment: Augment, strength: float, margin: int
) -> torch.Tensor:
    """Change each view by its own draw; absent views stay as they are.

    clips: (B, V, margin + T + margin, H, W, 3) uint8; mask: (B, V) bool; uniform: (B, V, 5) from `draw`
    returns (B, V, T, H, W, 3) uint8
    """
    changed = clips[:, :, margin : clips.shape[2] - margin].clone()
    for b, v in mask.nonzero().tolist():
        late = delay(uniform[b, v, 4], augment.delay * strength)
        clip = clips[b, v, margin + late : clips.shape[2] - margin + late]
        changed[b, v] = augment_view(clip, uniform[b, v, :4], augment, strength)
    return changed


def delay(uniform: float, reach: float) -> int:
    """Frames by which the window is moved: whole numbers up to `reach` either way, each as likely."""
    most = round(reach)
    return int(uniform * (2 * most + 1)) - most


def augment_view(clip: torch.Tensor, uniform: np.ndarray, augment: Augment, strength: float) -> torch.Tensor:
    """clip (T, H, W, 3) uint8 and 4 uniform numbers to the changed clip, float in [0, 255]."""
    mirror, down, right, bright = uniform
    _, height, width, _ = clip.shape
    reach = augment.shift * strength
    clip = shift(clip, 1, round((2 * down - 1) * reach * height))
    clip = shift(clip, 2, round((2 * right - 1) * reach * width))
    if mirror < augment.mirror * strength:
        clip = clip.flip(2)
    return (clip * (1 + (2 * bright - 1) * augment.brightness * strength)).clamp_(0, 255)


def shift(clip: torch.Tensor, dim: int, by: int) -> torch.Tensor:
    """Move along `dim` by `by` places, towards the end if positive; what is uncovered repeats the edge."""
    if by == 0:
        return clip
    size = clip.shape[dim]
    edge = clip.narrow(dim, 0 if by > 0 else size - 1, 1).repeat_interleave(abs(by), dim)
    rest = clip.narrow(dim, max(-by, 0), size - abs(by))
    return torch.cat([edge, rest] if by > 0 else [rest, edge], dim)
