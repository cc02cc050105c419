"""CAST: two video transformers that exchange what they see in every block through bottlenecks (B-CAST), a baseline.

A spatial expert sees single frames, a temporal one tubes of two; both are frozen, as the paper has it, and adapters,
exchange and classifier are trained: set trainable to ["*", "!experts.*"]. Source: https://arxiv.org/abs/2311.18825
"""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import nn
from torch.nn import functional

from tailwise.models.action.vit import Attention, Mlp, Normalised, Shape, check_patches
from tailwise.models.checks import check_dropout

TUBE = 2
"""Frames of a token of the temporal expert; the spatial expert takes each second frame."""
MLP_SCALE = 0.5
"""Of the adapter beside a feed-forward layer."""


@dataclass(frozen=True)
class Cast:
    """width, depth, heads: of both experts, 768, 12, 12 in the paper; patch: pixels of a side, 16 there
    bottleneck: width is divided by it where the experts meet, 2 in the paper; adapter: within the adapters, 4 there
    dropout: of the mean of both experts
    """

    kind: Literal["cast"]
    width: int = 768
    depth: int = 12
    heads: int = 12
    patch: int = 16
    bottleneck: int = 2
    adapter: int = 4
    dropout: float = 0.0

    def __post_init__(self):
        if min(self.width, self.depth, self.heads, self.patch, self.bottleneck, self.adapter) < 1:
            raise ValueError("width, depth, heads, patch, bottleneck and adapter must be at least 1")
        if self.width % (self.heads * self.bottleneck) or self.width % self.adapter:
            raise ValueError(f"width {self.width} must be a multiple of heads times bottleneck, and of adapter")
        check_dropout(self.dropout)

    def check_shape(self, shape: Shape) -> None:
        """Raise ValueError for frames that patches do not fill, and for an odd number of frames."""
        check_patches(self.kind, shape, self.patch)
        if shape[0] % TUBE:
            raise ValueError(f"cast needs an even number of frames, found {shape[0]}")

    def build(self, shape: Shape) -> "CastNet":
        self.check_shape(shape)
        return CastNet(self, shape)


class CastNet(nn.Module):
    """Clips (N, T, H, W, 3) in [0, 255] to an embedding (N, width)."""

    def __init__(self, options: Cast, shape: Shape):
        super().__init__()
        self.dim, patch = options.width, options.patch
        steps, patches = shape[0] // TUBE, (shape[1] // patch) * (shape[2] // patch)
        self.normalise = Normalised()
        stride = (TUBE, patch, patch)
        frames, tubes = nn.Conv3d(3, self.dim, (1, patch, patch), stride), nn.Conv3d(3, self.dim, stride, stride)
        space = Expert(options, frames, patches, first=True)
        self.experts = Experts(space, Expert(options, tubes, patches * steps, first=False))
        self.exchanges = nn.ModuleList(Exchanging(options, steps, patches) for _ in range(options.depth))
        self.last = nn.ModuleList(Adapter(options) for _ in range(2))
        self.drop = nn.Dropout(options.dropout)

    def forward(self, clips: torch.Tensor) -> torch.Tensor:
        pictures = self.normalise(clips)
        space, time = self.experts.space, self.experts.time
        s = space.embed(pictures[:, :, TUBE - 1 :])
        t = time.embed(pictures)
        for of_space, of_time, exchange in zip(space.blocks, time.blocks, self.exchanges):
            s, t = exchange(s, t, of_space, of_time)
        seen = space.norm(s[:, :, 0]).mean(dim=1), time.norm(t.mean(dim=(1, 2)))
        both = [x + adapter(x) for x, adapter in zip(seen, self.last)]
        return self.drop((both[0] + both[1]) / 2)


class Experts(nn.Module):
    """Both, under one name that a phase can freeze."""

    def __init__(self, space: "Expert", time: "Expert"):
        super().__init__()
        self.space, self.time = space, time


class Expert(nn.Module):
    """A vision transformer: patches, positions, blocks. first: with a class token in each frame"""

    def __init__(self, options: Cast, patches: nn.Conv3d, tokens: int, first: bool):
        super().__init__()
        dim = options.width
        self.patches, self.norm = patches, nn.LayerNorm(dim)
        self.first = nn.Parameter(torch.zeros(1, 1, 1, dim)) if first else None
        self.places = nn.Parameter(torch.zeros(1, tokens + first, dim))
        nn.init.trunc_normal_(self.places, std=0.02)
        self.before = nn.LayerNorm(dim) if first else nn.Identity()
        self.blocks = nn.ModuleList(ExpertBlock(options) for _ in range(options.depth))

    def embed(self, pictures: torch.Tensor) -> torch.Tensor:
        """(N, 3, T, H, W) to (N, steps, tokens of a step, width)"""
        seen = self.patches(pictures)
        count, steps = seen.shape[0], seen.shape[2]
        seen = seen.flatten(3).permute(0, 2, 3, 1)
        if self.first is not None:
            seen = torch.cat([self.first.expand(count, steps, -1, -1), seen], dim=2)
            return self.before(seen + self.places)
        return seen + self.places.unflatten(1, (steps, -1))


class ExpertBlock(nn.Module):
    def __init__(self, options: Cast):
        super().__init__()
        dim = options.width
        self.norm1, self.norm2 = nn.LayerNorm(dim), nn.LayerNorm(dim)
        self.attention, self.mlp = Attention(dim, options.heads), Mlp(dim, 4 * dim)


class Adapter(nn.Module):
    """A bottleneck of two linear layers; it starts at 0. Source: https://arxiv.org/abs/1902.00751"""

    def __init__(self, options: Cast):
        super().__init__()
        hidden = options.width // options.adapter
        self.down, self.up = nn.Linear(options.width, hidden), start_at_zero(nn.Linear(hidden, options.width))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.up(functional.gelu(self.down(x)))


class Exchanging(nn.Module):
    """A block of both experts: attention with adapters, exchange, feed-forward layers with adapters."""

    def __init__(self, options: Cast, steps: int, patches: int):
        super().__init__()
        width = options.width // options.bottleneck
        names = ("space", "time")
        self.adapters = nn.ModuleDict({name: Adapter(options) for name in names})
        self.mlp_adapters = nn.ModuleDict({name: Adapter(options) for name in names})
        self.down = nn.ModuleDict({name: nn.Linear(options.width, width) for name in names})
        self.norm = nn.ModuleDict({name: nn.LayerNorm(width) for name in names})
        self.up = nn.ModuleDict({name: start_at_zero(nn.Linear(width, options.width)) for name in names})
        self.to_space, self.to_time = Cross(width, options.heads, steps), Cross(width, options.heads, patches)

    def forward(
        self, s: torch.Tensor, t: torch.Tensor, of_space: ExpertBlock, of_time: ExpertBlock
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """s: (N, steps, 1 + patches, D), attention within a step; t: (N, steps, patches, D), over all tokens."""
        found = of_space.attention(of_space.norm1(s).flatten(0, 1)).unflatten(0, s.shape[:2])
        s = s + found + self.adapters["space"](found)
        found = of_time.attention(of_time.norm1(t).flatten(1, 2)).unflatten(1, t.shape[1:3])
        t = t + found + self.adapters["time"](found)
        s, t = self._exchange(s, t)
        return self._fed("space", s, of_space), self._fed("time", t, of_time)

    def _exchange(self, s: torch.Tensor, t: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Patches of the spatial expert ask the other's over time, at their place; and back, within their step."""
        small_s = self.norm["space"](self.down["space"](s))
        small_t = self.norm["time"](self.down["time"](t))
        patches = small_s[:, :, 1:]
        asked = self.to_space(patches.transpose(1, 2), small_t.transpose(1, 2)).transpose(1, 2)
        told = torch.cat([small_s[:, :, :1], asked], dim=2)
        return (
            s + self.up["space"](functional.gelu(told)),
            t + self.up["time"](functional.gelu(self.to_time(small_t, patches))),
        )

    def _fed(self, name: str, x: torch.Tensor, block: ExpertBlock) -> torch.Tensor:
        normal = block.norm2(x)
        return x + block.mlp(normal) + MLP_SCALE * self.mlp_adapters[name](normal)


class Cross(nn.Module):
    """Attention of queries over other tokens (N, A, places, D), within each of A; with learned places of both."""

    def __init__(self, dim: int, heads: int, places: int):
        super().__init__()
        self.heads = heads
        self.query, self.others, self.proj = nn.Linear(dim, dim), nn.Linear(dim, 2 * dim), nn.Linear(dim, dim)
        self.own, self.other = (nn.Parameter(torch.randn(places, dim) * (dim // heads) ** -0.5) for _ in range(2))

    def forward(self, asking: torch.Tensor, asked: torch.Tensor) -> torch.Tensor:
        queries = self._by_head(self.query(asking + self.own), 1)[0]
        keys, values = self._by_head(self.others(asked + self.other), 2)
        found = functional.scaled_dot_product_attention(queries, keys, values)
        return self.proj(found.transpose(1, 2).flatten(2)).unflatten(0, asking.shape[:2])

    def _by_head(self, x: torch.Tensor, parts: int) -> torch.Tensor:
        """(N, A, places, parts * D) to (parts, N * A, heads, places, D of a head)"""
        return x.flatten(0, 1).unflatten(2, (parts, self.heads, -1)).permute(2, 0, 3, 1, 4)


def start_at_zero(layer: nn.Linear) -> nn.Linear:
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer
