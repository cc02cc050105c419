"""What video transformers share: patches of frames, attention, feed-forward layers."""

import torch
from torch import nn
from torch.nn import functional

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
Shape = tuple[int, int, int]
"""Frames, height and width of a clip."""


class Attention(nn.Module):
    """Multi-head self-attention over x (B, N, D)."""

    def __init__(self, dim: int, heads: int):
        super().__init__()
        self.heads = heads
        self.qkv, self.proj = nn.Linear(dim, 3 * dim), nn.Linear(dim, dim)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        queries, keys, values = self.qkv(x).unflatten(2, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        found = functional.scaled_dot_product_attention(queries, keys, values)
        return self.proj(found.transpose(1, 2).flatten(2))


class Mlp(nn.Sequential):
    """Two linear layers with GELU between them."""

    def __init__(self, dim: int, hidden: int):
        super().__init__(nn.Linear(dim, hidden), nn.GELU(), nn.Linear(hidden, dim))


class Normalised(nn.Module):
    """Clips (N, T, H, W, 3) in [0, 255] to (N, 3, T, H, W), of mean 0 and deviation 1 over ImageNet."""

    mean: torch.Tensor
    std: torch.Tensor

    def __init__(self):
        super().__init__()
        self.register_buffer("mean", torch.tensor(MEAN), persistent=False)
        self.register_buffer("std", torch.tensor(STD), persistent=False)

    def forward(self, clips: torch.Tensor) -> torch.Tensor:
        return ((clips.to(self.mean.dtype) / 255 - self.mean) / self.std).permute(0, 4, 1, 2, 3)


def check_patches(kind: str, shape: Shape, patch: int) -> None:
    """Raise ValueError for frames that patches do not fill."""
    if shape[1] % patch or shape[2] % patch:
        raise ValueError(f"{kind} needs sides that are multiples of {patch}, found {shape[1]}x{shape[2]}")
