"""Where a changed view's pixels come from: turned, enlarged, shifted. The edge's stand for what is outside."""

import numpy as np
import torch

from tailwise.data.video.augment.draws import BASE, Draws
from tailwise.data.video.augment.ranges import Augment


def moved(frames: torch.Tensor, draws: Draws, augment: Augment, strength: np.ndarray) -> torch.Tensor:
    """frames (N, T, H, W, C) of N views, turned and zoomed, then shifted. draws: {group: (N, n)}; strength: (N,)"""
    height, width = frames.shape[2:4]
    if "space" in draws:
        zoom, turn = 2 * draws["space"].T - 1
        factor, angle = (1 + augment.zoom * strength) ** zoom, np.radians(turn * augment.rotate * strength)
        frames = turned(frames, factor, angle)
    if not augment.shift:
        return frames
    down, right = 2 * draws[BASE][:, 1:3].T - 1
    reach = augment.shift * strength
    down, right = np.rint(down * reach * height), np.rint(right * reach * width)
    return shifted(frames, down.astype(np.int64), right.astype(np.int64))


def shifted(frames: torch.Tensor, down: np.ndarray, right: np.ndarray) -> torch.Tensor:
    """frames (N, T, H, W, C), each view moved by its pixels, down and right (N,) int64.

    A moved row is a stretch of the row with its edges repeated, so that whole rows are copied.
    """
    n, steps, height, width, channels = frames.shape
    reach = int(abs(right).max(initial=0))
    padded, length = edges_repeated(frames, reach), width + 2 * reach
    stretches = padded.as_strided((n * steps * height * length - width + 1, width * channels), (channels, 1))
    rows = (np.arange(height) - down[:, None]).clip(0, height - 1)
    above = np.arange(n * steps).reshape(n, steps, 1) * height + rows[:, None]
    starts = above * length + (reach - right)[:, None, None]
    return stretches.index_select(0, torch.from_numpy(starts.flatten()).to(frames.device)).view(frames.shape)


def edges_repeated(frames: torch.Tensor, times: int) -> torch.Tensor:
    """frames (N, T, H, W, C) to (N, T, H, times + W + times, C): the first and the last pixel of each row repeated."""
    *shape, width, channels = frames.shape
    padded = frames.new_empty(*shape, times + width + times, channels)
    padded[..., times : times + width, :] = frames
    padded[..., :times, :] = frames[..., :1, :]
    padded[..., times + width :, :] = frames[..., -1:, :]
    return padded


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
