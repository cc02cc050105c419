"""Kinds of positions: what tells a model where in its sequence a position is."""

import math
from dataclasses import dataclass
from typing import Literal

import torch
from torch import nn


@dataclass(frozen=True)
class NoPositions:
    """None: the recurrence alone tells places apart."""

    kind: Literal["none"]

    def build(self, width: int) -> nn.Module:
        return nn.Identity()


@dataclass(frozen=True)
class Sinusoidal:
    """Sines and cosines added before the recurrent layers, of wavelengths from 2 pi up to 2 pi * `longest_wave`.

    Source: https://arxiv.org/abs/1706.03762, section 3.5
    """

    kind: Literal["sinusoidal"]
    longest_wave: float = 10000.0

    def __post_init__(self):
        if self.longest_wave <= 1:
            raise ValueError(f"longest_wave must be above 1, found {self.longest_wave:g}")

    def build(self, width: int) -> nn.Module:
        return AddSinusoids(width, self.longest_wave)


@dataclass(frozen=True)
class LearnedPositions:
    """A learned vector a position, added before the recurrent layers.

    longest: positions that have one; those beyond share the last one's
    """

    kind: Literal["learned"]
    longest: int = 512

    def __post_init__(self):
        if self.longest < 2:
            raise ValueError(f"longest must be at least 2, found {self.longest}")

    def build(self, width: int) -> nn.Module:
        return AddLearned(width, self.longest)


@dataclass(frozen=True)
class RelativePositions:
    """A learned bias of the self-attention by the distance of two positions, with its sign.

    furthest: larger distances count as this one. Source: https://arxiv.org/abs/1910.10683, section 2.1
    """

    kind: Literal["relative"]
    furthest: int = 32

    def __post_init__(self):
        if self.furthest < 1:
            raise ValueError(f"furthest must be positive, found {self.furthest}")

    def build(self, width: int) -> nn.Module:
        return nn.Identity()


Positions = NoPositions | Sinusoidal | LearnedPositions | RelativePositions


class AddSinusoids(nn.Module):
    """x (B, T, W) plus `sinusoids`."""

    def __init__(self, width: int, longest_wave: float):
        super().__init__()
        self.width, self.longest_wave = width, longest_wave

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + sinusoids(x.shape[1], self.width, self.longest_wave).to(x)


def sinusoids(size: int, width: int, longest_wave: float) -> torch.Tensor:
    """(size, width) float64: sines in the even columns, cosines in the odd ones."""
    rates = torch.exp(-math.log(longest_wave) * torch.arange(0, width, 2, dtype=torch.float64) / width)
    angles = torch.arange(size, dtype=torch.float64)[:, None] * rates
    return torch.stack([angles.sin(), angles.cos()], dim=-1).flatten(1)[:, :width]


class AddLearned(nn.Module):
    """x (B, T, W) plus a learned vector a position."""

    def __init__(self, width: int, longest: int):
        super().__init__()
        self.vectors = nn.Embedding(longest, width)
        nn.init.normal_(self.vectors.weight, std=0.02)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        places = torch.arange(x.shape[1], device=x.device)
        return x + self.vectors(places.clamp(max=self.vectors.num_embeddings - 1))


class RelativeBias(nn.Module):
    """(heads, T, T) to be added to the scores of attention: entry [h, i, j] is by the distance j - i."""

    def __init__(self, heads: int, furthest: int):
        super().__init__()
        self.furthest = furthest
        self.by_distance = nn.Parameter(torch.zeros(heads, 2 * furthest + 1))

    def forward(self, size: int) -> torch.Tensor:
        places = torch.arange(size, device=self.by_distance.device)
        distance = (places[None] - places[:, None]).clamp(-self.furthest, self.furthest)
        return self.by_distance[:, distance + self.furthest]
