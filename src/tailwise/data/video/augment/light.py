"""How bright a changed view is, and what of it is erased."""

import numpy as np
import torch

from tailwise.data.video.augment.draws import BASE, Draws
from tailwise.data.video.augment.ranges import Augment

GREY = 127.5
"""In the middle of [0, 255]: where contrast turns, and what an erased pixel shows."""


PIECE = 2**20
"""Values that a processor changes at a time."""


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


def rectangles(shares: np.ndarray, places: np.ndarray, size: tuple[int, ...]) -> np.ndarray:
    """A rectangle in each of N pictures of `size` pixels, (N, H, W) bool.

    shares: (N, 2) its height and width as shares of the picture's; places: (N, 2) in [0, 1), from the top and the left
    """
    sides = np.array(size)
    lengths = np.rint(shares * sides)
    first = np.floor(places * (sides - lengths + 1))
    rows, columns = (
        (np.arange(side) >= first[:, i, None]) & (np.arange(side) < first[:, i, None] + lengths[:, i, None])
        for i, side in enumerate(size)
    )
    return rows[:, :, None] & columns[:, None, :]


def lit(frames: torch.Tensor, factor: torch.Tensor, summand: torch.Tensor | None) -> torch.Tensor:
    """frames (N, T, H, W, 3) uint8 times the factor, plus the summand, within [0, 255] and rounded down; uint8."""
    changed, piece = torch.empty_like(frames), views_at_a_time(frames)
    for first in range(0, len(frames), piece):
        views = slice(first, first + piece)
        values = frames[views].flatten(3).float().mul_(factor[views])
        if summand is not None:
            values.add_(summand[views])
        whole = values.clamp_(0, 255).to(torch.int16)  # float straight to uint8 takes four times as long
        changed[views] = whole.view(values.shape).unflatten(3, (-1, 3))
    return changed


def views_at_a_time(frames: torch.Tensor) -> int:
    """As many as stay in a processor's cache as float32; elsewhere all."""
    return max(1, PIECE // frames[0].numel()) if frames.device.type == "cpu" and len(frames) else max(1, len(frames))
