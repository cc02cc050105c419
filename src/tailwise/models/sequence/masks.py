"""Which positions of padded sequences are there, and sequences reversed within their lengths."""

import torch


def inside(length: torch.Tensor, size: int) -> torch.Tensor:
    """(B, size) bool: whether a position is within its sequence. length: (B,) int64"""
    return torch.arange(size, device=length.device) < length[:, None]


def masked(x: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """x (B, T, W) with 0 where the mask (B, T) is not set."""
    return x * mask[..., None].to(x.dtype)


def reversed_places(length: torch.Tensor, size: int) -> torch.Tensor:
    """(B, size) int64: where each position comes from if each sequence is reversed within its length.

    Padding stays where it is, so that applying the places twice changes nothing.
    """
    places = torch.arange(size, device=length.device).expand(len(length), size)
    return torch.where(inside(length, size), length[:, None] - 1 - places, places)


def rearranged(x: torch.Tensor, places: torch.Tensor) -> torch.Tensor:
    """x (B, T, W) with position t of sequence b taken from places[b, t]."""
    return x.gather(1, places[..., None].expand(-1, -1, x.shape[-1]))
