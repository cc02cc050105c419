"""Where a changed view's pixels come from: turned, enlarged, shifted. The edge's stand for what is outside."""

import numpy as np
import torch
from torch import nn

from tailwise.data.video.augment.draws import BASE, Draws
from tailwise.data.video.augment.ranges import Augment


def shifts(draws: Draws, augment: Augment, strength: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Pixels by which N views move down and right, (2, N) int64. draws: {group: (N, n)}; strength: (N,)"""
    reach = augment.shift * strength * np.array(size)[:, None]
    return np.rint((2 * draws[BASE][:, 1:3].T - 1) * reach).astype(np.int64)


def drawn_turns(draws: Draws, augment: Augment, strength: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """By how much N views are enlarged, and turned in radians clockwise, (N,) each."""
    zoom, turn = 2 * draws["space"].T - 1
    return (1 + augment.zoom * strength) ** zoom, np.radians(turn * augment.rotate * strength)


def taken(rows: torch.Tensor, places: np.ndarray) -> torch.Tensor:
    """Copies of rows (F, ...) in these places, (*places.shape, ...)."""
    where = torch.from_numpy(places.flatten()).to(rows.device)
    return rows.index_select(0, where).unflatten(0, places.shape)


class Shifted:
    """Frames of N views, each view moved by its pixels.

    clips: (F, H, W, C); shown: (N, T) places of the views' frames in them; down, right: (N,) int64
    A moved row is a stretch of memory that begins some pixels before or behind the row's, so that whole rows are
    copied; then what it holds of the rows beside it is replaced by its edges.
    """

    def __init__(self, clips: torch.Tensor, shown: np.ndarray, down: np.ndarray, right: np.ndarray):
        height, self.width, self.channels = clips.shape[1:]
        self.clips, self.shown, self.right = clips, shown, right
        rows = (np.arange(height) - down[:, None]).clip(0, height - 1)
        first = (shown[..., None] * height + rows[:, None]) * self.width - right[:, None, None]
        last = (len(clips) * height - 1) * self.width
        self.beyond = np.array([of_view.min() < 0 or of_view.max() > last for of_view in first])
        self.first, self.stretches = torch.from_numpy(first).to(clips.device), self._stretches(clips)

    def _stretches(self, clips: torch.Tensor) -> torch.Tensor:
        return clips.flatten().unfold(0, self.width * self.channels, self.channels)

    def views(self, some: slice) -> torch.Tensor:
        """(n, T, H, W, C)"""
        first, stretches = self.first[some], self.stretches
        if self.beyond[some].any():
            first, stretches = self._within(some)
        rows = stretches.index_select(0, first.flatten()).view(*first.shape, self.width, self.channels)
        return repeat_edges(rows, self.right[some])

    def _within(self, some: slice) -> tuple[torch.Tensor, torch.Tensor]:
        """`first` and `stretches` of copies of some views' frames with a row on either side."""
        height, frames, shown = self.clips.shape[1], taken(self.clips, self.shown[some].flatten()), self.shown[some]
        moved = (1 + (np.arange(shown.size).reshape(shown.shape) - shown) * height) * self.width
        padded = nn.functional.pad(frames.flatten(0, 1), (0, 0, 0, 0, 1, 1))
        return self.first[some] + torch.from_numpy(moved).to(self.first.device)[..., None], self._stretches(padded)


def repeat_edges(frames: torch.Tensor, right: np.ndarray) -> torch.Tensor:
    """frames (N, T, H, W, C) that were moved right by pixels (N,) with their edges repeated, in place."""
    for pixels in {*right.tolist()} - {0}:
        where = (right == pixels).nonzero()[0]
        views = slice(None) if len(where) == len(right) else torch.from_numpy(where).to(frames.device)
        if pixels > 0:
            frames[views, :, :, :pixels] = frames[views, :, :, pixels, None]
        else:
            frames[views, :, :, pixels:] = frames[views, :, :, pixels - 1, None]
    return frames


def turned(frames: torch.Tensor, zoom: np.ndarray, turn: np.ndarray) -> torch.Tensor:
    """frames (N, T, H, W, C), each view enlarged by zoom (N,) and turned clockwise by radians (N,) about its centre.

    A pixel is the nearest one of the view before.
    """
    channels, device = frames.shape[-1], frames.device
    places = _places_before(zoom, turn, (frames.shape[2], frames.shape[3]), device)
    values = (places.unsqueeze(-1) * channels + torch.arange(channels, device=device)).flatten(1)
    flat = frames.flatten(2)
    return flat.gather(2, values.unsqueeze(1).expand_as(flat)).view(frames.shape)


def _places_before(zoom: np.ndarray, turn: np.ndarray, size: tuple[int, int], device: torch.device) -> torch.Tensor:
    """Where each pixel was in the flat picture, (N, H * W) int64."""
    height, width = size
    scaled = np.stack([np.cos(turn), np.sin(turn)]) / zoom
    cos, sin = torch.from_numpy(scaled.astype(np.float32)).to(device)[:, :, None, None]
    down = (torch.arange(height, device=device) - (height - 1) / 2)[:, None]
    right = torch.arange(width, device=device) - (width - 1) / 2
    rows = (cos * down - sin * right + (height - 1) / 2).round().clamp(0, height - 1)
    columns = (sin * down + cos * right + (width - 1) / 2).round().clamp(0, width - 1)
    return (rows.long() * width + columns.long()).flatten(1)
