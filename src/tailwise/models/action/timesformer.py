"""TimeSformer with divided space-time attention, a baseline that is trained end to end.

Source: https://arxiv.org/abs/2102.05095, section 3
"""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import nn

from tailwise.models.action.vit import Attention, Mlp, Normalised, Shape, check_patches
from tailwise.models.checks import check_dropout


@dataclass(frozen=True)
class TimeSformer:
    """width, depth, heads: 768, 12, 12 in the paper; patch: pixels of a side, 16 there; dropout: of the class token"""

    kind: Literal["timesformer"]
    width: int = 768
    depth: int = 12
    heads: int = 12
    patch: int = 16
    dropout: float = 0.0

    def __post_init__(self):
        if min(self.width, self.depth, self.heads, self.patch) < 1:
            raise ValueError("width, depth, heads and patch must be at least 1")
        if self.width % self.heads:
            raise ValueError(f"heads {self.heads} does not divide width {self.width}")
        check_dropout(self.dropout)

    def check_shape(self, shape: Shape) -> None:
        check_patches(self.kind, shape, self.patch)

    def build(self, shape: Shape) -> "TimeSformerNet":
        self.check_shape(shape)
        return TimeSformerNet(self, shape)


class TimeSformerNet(nn.Module):
    """Clips (N, T, H, W, 3) in [0, 255] to the class token (N, width)."""

    def __init__(self, options: TimeSformer, shape: Shape):
        super().__init__()
        self.dim, patch = options.width, options.patch
        frames, patches = shape[0], (shape[1] // patch) * (shape[2] // patch)
        self.normalise, self.patches = Normalised(), nn.Conv2d(3, self.dim, patch, patch)
        self.first = nn.Parameter(torch.zeros(1, 1, self.dim))
        self.places = nn.Parameter(torch.zeros(1, 1 + patches, self.dim))
        self.times = nn.Parameter(torch.zeros(1, frames, self.dim))
        for parameter in (self.first, self.places):
            nn.init.trunc_normal_(parameter, std=0.02)
        self.blocks = nn.ModuleList(Divided(options) for _ in range(options.depth))
        self.norm, self.drop = nn.LayerNorm(self.dim, eps=1e-6), nn.Dropout(options.dropout)

    def forward(self, clips: torch.Tensor) -> torch.Tensor:
        count, frames = clips.shape[:2]
        seen = self.patches(self.normalise(clips).transpose(1, 2).flatten(0, 1)).flatten(2).transpose(1, 2)
        seen = seen + self.places[:, 1:]
        seen = seen.unflatten(0, (count, frames)) + self.times[:, :, None]
        first = (self.first + self.places[:, :1]).expand(count, -1, -1)
        for block in self.blocks:
            first, seen = block(first, seen)
        return self.drop(self.norm(first[:, 0]))


class Divided(nn.Module):
    """Attention over time, for each patch; then over the patches and the class token, for each frame; then an MLP.

    The class token is the mean of what the frames make of it. The projection after the attention over time starts at
    0, so that a block starts as that of an image transformer.
    """

    def __init__(self, options: TimeSformer):
        super().__init__()
        dim = options.width
        self.norm_time, self.norm_space, self.norm_mlp = (nn.LayerNorm(dim, eps=1e-6) for _ in range(3))
        self.time, self.space = Attention(dim, options.heads), Attention(dim, options.heads)
        self.after_time, self.mlp = nn.Linear(dim, dim), Mlp(dim, 4 * dim)
        nn.init.zeros_(self.after_time.weight)
        nn.init.zeros_(self.after_time.bias)

    def forward(self, first: torch.Tensor, seen: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """first: the class token (B, 1, D); seen: (B, T, P, D)"""
        count, frames = seen.shape[:2]
        by_patch = seen.transpose(1, 2).flatten(0, 1)
        by_patch = by_patch + self.after_time(self.time(self.norm_time(by_patch)))
        seen = by_patch.unflatten(0, (count, -1)).transpose(1, 2)
        by_frame = torch.cat([first[:, None].expand(-1, frames, -1, -1), seen], dim=2).flatten(0, 1)
        found = self.space(self.norm_space(by_frame)).unflatten(0, (count, frames))
        first = first + found[:, :, :1].mean(dim=1)
        seen = seen + found[:, :, 1:]
        return first + self.mlp(self.norm_mlp(first)), seen + self.mlp(self.norm_mlp(seen))
