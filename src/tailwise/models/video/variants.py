"""Variants of the model: the layers between view embeddings and logits.

A variant is a params section that builds a `Fusion`. `fallback` gives the next simpler variant, which takes over if
training fails with this one; None after the last.
"""

from abc import abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, cast

import torch
from torch import nn

from tailwise.models.video.fusion import QueryAttention, ViewAttention, masked_mean, uniform_weights
from tailwise.models.video.regularisers import HeadDropout, check_rate

Sizes = list[int]
"""The number of classes of each head."""
HeadRates = Mapping[int, float]
"""{number of a head: its own rate of dropout before the last layer}"""
NONE: HeadRates = {}


@dataclass(frozen=True)
class Variant:
    """dropout: before the last layers, and within multi-head attention; in [0, 1)"""

    dropout: float

    def __post_init__(self):
        check_rate("dropout", self.dropout)


@dataclass(frozen=True)
class Simplified(Variant):
    """One attention over the views and one pooled vector for all heads; only the last layers differ."""

    kind: Literal["simplified"]

    def build(self, dim: int, sizes: Sizes, rates: HeadRates = NONE) -> "Fusion":
        return SharedAttention(dim, sizes, HeadDropout(self.dropout, rates, len(sizes)))

    def fallback(self) -> None:
        return None


@dataclass(frozen=True)
class Progressive(Variant):
    """Three levels, enabled one after the other through `trainable`.

    `fusion.level1.*` classifies the mean of the views, `fusion.level2.*` adds attention over them, `fusion.level3.*`
    adds a branch per head.
    """

    kind: Literal["progressive"]

    def build(self, dim: int, sizes: Sizes, rates: HeadRates = NONE) -> "Fusion":
        return Levels(dim, sizes, HeadDropout(self.dropout, rates, len(sizes)))

    def fallback(self) -> Simplified:
        return Simplified(self.dropout, "simplified")


@dataclass(frozen=True)
class Optimized(Variant):
    """A 4-head attention for each label, on features projected to half the width."""

    kind: Literal["optimized"]

    def build(self, dim: int, sizes: Sizes, rates: HeadRates = NONE) -> "Fusion":
        return OwnAttentions(dim, dim // 2, sizes, 4, HeadDropout(self.dropout, rates, len(sizes)))

    def fallback(self) -> Progressive:
        return Progressive(self.dropout, "progressive")


@dataclass(frozen=True)
class Dual(Variant):
    """An 8-head attention for each label, on the full features: the reference model."""

    kind: Literal["dual"]

    def build(self, dim: int, sizes: Sizes, rates: HeadRates = NONE) -> "Fusion":
        return OwnAttentions(dim, dim, sizes, 8, HeadDropout(self.dropout, rates, len(sizes)))

    def fallback(self) -> Optimized:
        return Optimized(self.dropout, "optimized")


AnyVariant = Simplified | Progressive | Optimized | Dual


class Fusion(nn.Module):
    """views (B, V, D), mask (B, V) to [logits (B, C) of each head]."""

    def alone(self, views: torch.Tensor) -> list[torch.Tensor]:
        """The logits (N, C) of each head of views (N, D), each by itself; the same as of samples of one view."""
        return self(views.unsqueeze(1), torch.ones(len(views), 1, dtype=torch.bool, device=views.device))

    @abstractmethod
    def weights(self, views: torch.Tensor, mask: torch.Tensor) -> list[torch.Tensor]:
        """Attention weights: [(B, V) per head], 0 for padding; each row sums to 1."""


class SharedAttention(Fusion):
    """See `Simplified`."""

    def __init__(self, dim: int, sizes: Sizes, dropout: HeadDropout):
        super().__init__()
        self.attention = ViewAttention(dim)
        self.dropout = dropout
        self.heads = nn.ModuleList(nn.Linear(dim, size) for size in sizes)

    def forward(self, views: torch.Tensor, mask: torch.Tensor) -> list[torch.Tensor]:
        return self._classified(self.attention(views, mask))

    def alone(self, views: torch.Tensor) -> list[torch.Tensor]:
        return self._classified(views)  # a single view has a weight of 1

    def _classified(self, pooled: torch.Tensor) -> list[torch.Tensor]:
        return [head(one) for head, one in zip(self.heads, self.dropout.of_one(pooled))]

    def weights(self, views: torch.Tensor, mask: torch.Tensor) -> list[torch.Tensor]:
        """The shared attention weights, the same for every head: each view's exact share in the pooled vector."""
        return [self.attention.weights(views, mask)] * len(self.heads)


class Levels(Fusion):
    """See `Progressive`. Levels 2 and 3 are zero-initialised residuals: enabling one changes no logit."""

    def __init__(self, dim: int, sizes: Sizes, dropout: HeadDropout):
        super().__init__()
        self.dropout = dropout
        self.level1 = nn.ModuleList(nn.Linear(dim, size) for size in sizes)
        self.level2 = AddedAttention(dim)
        self.level3 = nn.ModuleList(
            nn.Sequential(nn.Linear(dim, dim // 2), nn.GELU(), _zero(nn.Linear(dim // 2, size))) for size in sizes
        )

    def forward(self, views: torch.Tensor, mask: torch.Tensor) -> list[torch.Tensor]:
        pooled = self.dropout.of_one(masked_mean(views, mask) + self.level2(views, mask))
        return [head(one) + branch(one) for head, branch, one in zip(self.level1, self.level3, pooled)]

    def weights(self, views: torch.Tensor, mask: torch.Tensor) -> list[torch.Tensor]:
        """Level 2's attention weights, the same for every head; uniform while level 2 is still zero.

        They are not a view's whole contribution: level 1 weighs all views equally.
        """
        add, attention = self.level2.add, self.level2.attention
        adds = bool(add.weight.any() or add.bias.any())
        return [attention.weights(views, mask) if adds else uniform_weights(mask)] * len(self.level1)


class AddedAttention(nn.Module):
    """Attention over the views and a zero-initialised projection: views (B, V, D), mask (B, V) to (B, D)."""

    def __init__(self, dim: int):
        super().__init__()
        self.attention = ViewAttention(dim)
        self.add = _zero(nn.Linear(dim, dim))

    def forward(self, views: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        return self.add(self.attention(views, mask))


class OwnAttentions(Fusion):
    """See `Optimized` and `Dual`: the heads share the backbone and the first projection, nothing else."""

    def __init__(self, dim: int, inner: int, sizes: Sizes, attention_heads: int, dropout: HeadDropout):
        super().__init__()
        if inner % attention_heads:
            raise ValueError(f"{attention_heads} attention heads do not divide features of width {inner}")
        self.project = nn.Sequential(nn.Linear(dim, inner), nn.GELU()) if inner != dim else nn.Identity()
        rate = dropout.common.p
        self.attentions = nn.ModuleList(QueryAttention(inner, attention_heads, rate) for _ in sizes)
        self.dropout = dropout
        self.heads = nn.ModuleList(nn.Linear(inner, size) for size in sizes)

    def forward(self, views: torch.Tensor, mask: torch.Tensor) -> list[torch.Tensor]:
        projected = self.project(views)
        pooled = [attention(projected, mask) for attention in self.attentions]
        return [head(one) for head, one in zip(self.heads, self.dropout.of_each(pooled))]

    def weights(self, views: torch.Tensor, mask: torch.Tensor) -> list[torch.Tensor]:
        """Attention weights of each head, see `QueryAttention.weights`."""
        projected = self.project(views)
        attentions = cast(Iterable[QueryAttention], self.attentions)  # torch types the items of a ModuleList as Module
        return [attention.weights(projected, mask) for attention in attentions]


def _zero(layer: nn.Linear) -> nn.Linear:
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer
