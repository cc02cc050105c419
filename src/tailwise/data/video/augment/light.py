"""How bright a changed view is, and what of it is erased."""

import numpy as np
import torch

from tailwise.data.augment.streams import rectangles
from tailwise.data.video.augment.draws import BASE, Draws
from tailwise.data.video.augment.ranges import Augment

GREY = 127.5
"""In the middle of [0, 255]: where contrast turns, and what an erased pixel shows."""


def drawn_light(
    draws: Draws, augment: Augment, strength: np.ndarray, size: tuple[int, int], device: torch.device
) -> tuple[torch.Tensor, torch.Tensor | None]:
    """(factor, summand or None) of each value of N views, which broadcast with (N, T, H, W * 3).

    draws: {group: (N, n)}; strength: (N,); size: height and width in pixels
    """
    factor = 1 + (2 * draws[BASE][:, 3:4] - 1) * augment.brightness * strength[:, None]  # (N, 1), or (N, 3) by colour
    summand = None
    if "light" in draws:
        change = (2 * draws["light"] - 1) * strength[:, None]
        contrast = 1 + change[:, :1] * augment.contrast
        factor = factor * (1 + change[:, 1:] * augment.colour) * contrast
        summand = _over_values(GREY * (1 - contrast), size[1], device)
    factor = _over_values(factor, size[1], device)
    if "erase" not in draws:
        return factor, summand
    erased = rectangles(draws["erase"][:, :2] * (augment.erase * strength)[:, None], draws["erase"][:, 2:], size)
    kept = torch.from_numpy(~erased).to(device)[:, None].repeat_interleave(3, dim=3).float()  # (N, 1, H, W * 3)
    return factor * kept, (0 if summand is None else summand * kept) + GREY * (1 - kept)


def _over_values(numbers: np.ndarray, width: int, device: torch.device) -> torch.Tensor:
    """(N, 1), or (N, 3) of the colours, to (N, 1, 1, 1) or (N, 1, 1, width * 3)."""
    values = torch.from_numpy(numbers.astype(np.float32)).to(device)[:, None, None]
    return values if values.shape[-1] == 1 else values.repeat(1, 1, 1, width)


Room = tuple[torch.Tensor, torch.Tensor]
"""Memory for N views' values (N, T, H, W * 3) as float32 and as int16."""


def room_for(shape: tuple[int, ...], device: torch.device) -> Room:
    """For views (N, T, H, W, 3)."""
    values = torch.empty(shape, device=device).flatten(3)
    return values, torch.empty_like(values, dtype=torch.int16)


def lit(frames: torch.Tensor, factor: torch.Tensor, summand: torch.Tensor | None, room: Room) -> torch.Tensor:
    """frames (N, T, H, W, 3) uint8 times the factor, plus the summand, within [0, 255] and rounded down, in place."""
    values, whole = room
    values.copy_(frames.flatten(3)).mul_(factor)
    if summand is not None:
        values.add_(summand)
    whole.copy_(values).clamp_(0, 255)  # by way of int16, as float straight to uint8 is slower
    return frames.copy_(whole.unflatten(3, (-1, 3)))
