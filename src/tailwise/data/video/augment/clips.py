"""Augmentation of clips on the device, a whole batch at once: each view by its own draw.

All randomness follows from the keys: a sample's draw in an epoch is the same whatever else is in its batch, and
whatever was drawn before. The transforms of torchvision take one number for all that they are given; here every view
has its own, so that the batch is indexed by places and multiplied by factors that are computed for all views together.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from tailwise.data.video.augment.draws import BASE, Draws
from tailwise.data.video.augment.light import drawn_light, lit, room_for
from tailwise.data.video.augment.ranges import Augment
from tailwise.data.video.augment.space import Shifted, drawn_turns, shifts, taken, turned
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
    device, strength, size = clips.device, allowed.strength[samples], (clips.shape[3], clips.shape[4])
    length = margin, clips.shape[2] - 2 * margin
    shown = (
        shown_frames(of_view, augment, strength, allowed.reverse[samples], length) + places[:, None] * clips.shape[2]
    )
    frames = clips.flatten(0, 2)
    if "space" in of_view:
        frames = turned(taken(frames, shown), *drawn_turns(of_view, augment, strength)).flatten(0, 1)
        shown = np.arange(shown.size).reshape(shown.shape)
    moved = Shifted(frames, shown, *shifts(of_view, augment, strength, size))
    factor, summand = drawn_light(of_view, augment, strength, size, device)
    mirrored = allowed.mirror[samples] & (of_view[BASE][:, 0] < augment.mirror * strength)
    parts = pieces(len(places), device)
    room = room_for((parts[0].stop, length[1], *clips.shape[3:]), device)

    def changed(some: slice) -> torch.Tensor:
        views = lit(moved.views(some), factor[some], None if summand is None else summand[some], room)
        return mirror(views, mirrored[some])

    return put_back([view for some in parts for view in changed(some)], present)


def pieces(views: int, device: torch.device) -> list[slice]:
    """The views that are changed at a time: on a processor one, which stays in its cache, elsewhere all."""
    return [slice(view, view + 1) for view in range(views)] if device.type == "cpu" else [slice(0, views)]


def mirror(views: torch.Tensor, mirrored: np.ndarray) -> torch.Tensor:
    """views (N, T, H, W, C), those of mirrored (N,) bool from right to left."""
    if mirrored.all():
        return views.flip(3)
    which = torch.from_numpy(mirrored.nonzero()[0]).to(views.device)
    return views.index_copy_(0, which, views[which].flip(3)) if len(which) else views


def put_back(views: Sequence[torch.Tensor], present: np.ndarray) -> torch.Tensor:
    """Views (T, H, W, C), as many as are present, to (B, V, T, H, W, C), 0 where none is. present: (B, V) bool"""
    found, absent = iter(views), views[0].new_zeros(views[0].shape)
    return torch.stack([next(found) if there else absent for there in present.flat]).unflatten(0, present.shape)
