"""Augmentation of clips on the device, a whole batch at once: each view by its own draw.

All randomness follows from the keys: a sample's draw in an epoch is the same whatever else is in its batch, and
whatever was drawn before. The transforms of torchvision take one number for all that they are given; here every view
has its own, so that the batch is indexed by places and multiplied by factors that are computed for all views together.
"""

from dataclasses import dataclass

import numpy as np
import torch

from tailwise.data.video.augment.draws import BASE, Draws
from tailwise.data.video.augment.light import drawn_light, lit
from tailwise.data.video.augment.ranges import Augment
from tailwise.data.video.augment.space import moved
from tailwise.data.video.augment.time import shown_frames


@dataclass(frozen=True)
class Allowed:
    """How far each of B samples may be changed.

    strength: (B,) in [0, 1]; mirror, reverse: (B,) bool, by their labels
    """

    strength: np.ndarray
    mirror: np.ndarray
    reverse: np.ndarray


def augment_clips(
    clips: torch.Tensor, present: np.ndarray, draws: Draws, augment: Augment, allowed: Allowed, margin: int
) -> torch.Tensor:
    """Change each view by its own draw.

    clips: (B, V, margin + T + margin, H, W, 3) uint8; present: (B, V) bool; draws: {group: (B, V, n)} from `draw`
    returns (B, V, T, H, W, 3) uint8, 0 where no view is
    """
    places, samples = present.flatten().nonzero()[0], present.nonzero()[0]
    of_view = {group: uniform[present] for group, uniform in draws.items()}
    strength, length = allowed.strength[samples], (margin, clips.shape[2] - 2 * margin)
    shown = shown_frames(of_view, augment, strength, allowed.reverse[samples], length)
    frames = moved(take_frames(clips, places, shown), of_view, augment, strength)
    light = drawn_light(of_view, augment, strength, (clips.shape[3], clips.shape[4]), clips.device)
    mirrored = allowed.mirror[samples] & (of_view[BASE][:, 0] < augment.mirror * strength)
    return put_back(lit(frames, *light), mirrored, present)


def take_frames(clips: torch.Tensor, views: np.ndarray, shown: np.ndarray) -> torch.Tensor:
    """clips (B, V, T, ...), views (N,) places among B * V, shown (N, K) places of frames; returns (N, K, ...)."""
    places = torch.from_numpy(views[:, None] * clips.shape[2] + shown).to(clips.device)
    return clips.flatten(0, 2).index_select(0, places.flatten()).unflatten(0, shown.shape)


def put_back(views: torch.Tensor, mirrored: np.ndarray, present: np.ndarray) -> torch.Tensor:
    """Views (N, T, H, W, C), some mirrored, (N,) bool, to (B, V, T, H, W, C), 0 where not present.

    present: (B, V) bool. Rows are selected from a pool, which on a processor takes a tenth of copying them into place.
    """
    count, which = len(views), mirrored.nonzero()[0]
    flipped = views.index_select(0, torch.from_numpy(which).to(views.device)).flip(3)
    pool = torch.cat([views, flipped, views.new_zeros(1, *views.shape[1:])])
    place = np.arange(count)
    place[which] = count + np.arange(len(which))
    places = np.full(present.shape, len(pool) - 1)
    places[present] = place
    return pool.index_select(0, torch.from_numpy(places.flatten()).to(views.device)).unflatten(0, present.shape)
