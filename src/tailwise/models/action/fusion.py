"""How tokens of two streams become one vector: cross-attention between them, and what it is compared with."""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import nn

Steps = tuple[int, int]
"""Tokens of the semantic and of the motion stream."""
Maps = dict[str, torch.Tensor]
"""{direction: attention (B, heads, queries, keys)} of the last layer."""

TO_SEMANTIC, TO_MOTION = "semantic", "motion"
"""A direction is named after the stream whose tokens ask."""


@dataclass(frozen=True)
class CrossAttention:
    """Tokens of each stream attend to those of the other.

    heads: a divisor of the width; depth: layers
    direction: which stream's tokens attend: both, or one, and the other's stay as they are
    mlp: hidden width of the feed-forward layers, as a multiple of the width; 0 for none
    Source: https://arxiv.org/abs/1706.03762, section 3; between two streams: https://arxiv.org/abs/1908.02265
    """

    kind: Literal["cross_attention"]
    heads: int = 8
    depth: int = 1
    direction: Literal["both", "semantic", "motion"] = "both"
    mlp: float = 2.0

    def __post_init__(self):
        if self.heads < 1 or self.depth < 1 or self.mlp < 0:
            raise ValueError("heads and depth must be at least 1, and mlp not negative")

    def check(self, width: int) -> None:
        """Raise ValueError where the heads do not share the width evenly."""
        if width % self.heads:
            raise ValueError(f"fusion.heads {self.heads} does not divide width {width}")

    def build(self, width: int, dropout: float) -> "Exchange":
        return Exchange(self, width, dropout)


@dataclass(frozen=True)
class Concatenation:
    """Both streams, pooled and side by side."""

    kind: Literal["concatenation"]

    def check(self, width: int) -> None:
        """Any width will do."""

    def build(self, width: int, dropout: float) -> "Pooled":
        return Pooled(2 * width, "both")


@dataclass(frozen=True)
class Average:
    """The mean of both streams, pooled."""

    kind: Literal["average"]

    def check(self, width: int) -> None:
        """Any width will do."""

    def build(self, width: int, dropout: float) -> "Pooled":
        return Pooled(width, "mean")


@dataclass(frozen=True)
class OneStream:
    """One stream alone, pooled."""

    kind: Literal["one_stream"]
    stream: Literal["semantic", "motion"]

    def check(self, width: int) -> None:
        """Any width will do."""

    def build(self, width: int, dropout: float) -> "Pooled":
        return Pooled(width, self.stream)


Fusion = CrossAttention | Concatenation | Average | OneStream


class Pooled(nn.Module):
    """Means over the tokens: of both streams side by side, their mean, or one stream's. dim: of the result"""

    def __init__(self, dim: int, of: str):
        super().__init__()
        self.dim, self.of = dim, of

    def forward(self, semantic: torch.Tensor, motion: torch.Tensor) -> tuple[torch.Tensor, Maps]:
        """Tokens (B, T, W) to (B, dim)"""
        pooled = {"semantic": semantic.mean(dim=1), "motion": motion.mean(dim=1)}
        if self.of == "both":
            return torch.cat([pooled["semantic"], pooled["motion"]], dim=-1), {}
        if self.of == "mean":
            return (pooled["semantic"] + pooled["motion"]) / 2, {}
        return pooled[self.of], {}


class Exchange(nn.Module):
    """Layers of cross-attention; the result is the means over both streams' tokens, side by side."""

    def __init__(self, options: CrossAttention, width: int, dropout: float):
        super().__init__()
        self.dim = 2 * width
        self.layers = nn.ModuleList(ExchangeLayer(options, width, dropout) for _ in range(options.depth))
        self.norm_semantic, self.norm_motion = nn.LayerNorm(width), nn.LayerNorm(width)

    def forward(self, semantic: torch.Tensor, motion: torch.Tensor) -> tuple[torch.Tensor, Maps]:
        """Tokens (B, T, W) of both streams to (B, 2 W), and the attention of the last layer."""
        maps: Maps = {}
        for layer in self.layers:
            semantic, motion, maps = layer(semantic, motion)
        pooled = [self.norm_semantic(semantic).mean(dim=1), self.norm_motion(motion).mean(dim=1)]
        return torch.cat(pooled, dim=-1), maps


class ExchangeLayer(nn.Module):
    """Both streams ask at the same time: each sees the other's tokens as they were before the layer."""

    def __init__(self, options: CrossAttention, width: int, dropout: float):
        super().__init__()
        asking = (TO_SEMANTIC, TO_MOTION) if options.direction == "both" else (options.direction,)
        self.blocks = nn.ModuleDict({name: Ask(options, width, dropout) for name in asking})

    def forward(self, semantic: torch.Tensor, motion: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, Maps]:
        before = {TO_SEMANTIC: (semantic, motion), TO_MOTION: (motion, semantic)}
        after, maps = {TO_SEMANTIC: semantic, TO_MOTION: motion}, {}
        for name, block in self.blocks.items():
            after[name], maps[name] = block(*before[name])
        return after[TO_SEMANTIC], after[TO_MOTION], maps


class Ask(nn.Module):
    """Tokens of one stream attend to those of the other: residual, layer norm before, dropout, feed-forward."""

    def __init__(self, options: CrossAttention, width: int, dropout: float):
        super().__init__()
        self.norm_own, self.norm_other = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention = nn.MultiheadAttention(width, options.heads, dropout, batch_first=True)
        self.drop, hidden = nn.Dropout(dropout), round(options.mlp * width)
        self.feed = None
        if hidden:
            layers = nn.Linear(width, hidden), nn.GELU(), nn.Dropout(dropout), nn.Linear(hidden, width)
            self.feed = nn.Sequential(nn.LayerNorm(width), *layers, nn.Dropout(dropout))

    def forward(self, own: torch.Tensor, other: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """(B, T, W) and (B, S, W) to (B, T, W), and the attention (B, heads, T, S)."""
        seen = self.norm_other(other)
        found, weights = self.attention(self.norm_own(own), seen, seen, average_attn_weights=False)
        mixed = own + self.drop(found)
        return (mixed + self.feed(mixed) if self.feed else mixed), weights
