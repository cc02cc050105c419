"""What is left out at random in training: blocks of feature maps, residual layers, inputs of the heads' last layers.

All draws are from torch's generator, as dropout's are, and in evaluation mode each of these is the identity. None has
a tensor of its own or changes a name, so weights fit a model with them and without.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import prod

import torch
from torch import nn


def check_rate(name: str, rate: float) -> None:
    """Raise ValueError for a rate of nothing or everything."""
    if not 0 <= rate < 1:
        raise ValueError(f"{name} must be in [0, 1), found {rate:g}")


@dataclass(frozen=True)
class DropBlock:
    """Contiguous blocks of feature maps are set to 0 in training.

    rate: share of a map's values that is dropped, a little less where blocks overlap; in (0, 1)
    size: side of a block in the map's frames, rows and columns; a shorter side of the map is dropped whole
    Source: https://arxiv.org/abs/1810.12890, algorithm 1
    """

    rate: float
    size: int = 3

    def __post_init__(self):
        if not 0 < self.rate < 1:
            raise ValueError(f"rate must be in (0, 1), found {self.rate:g}; for no DropBlock set it to null")
        if self.size < 1:
            raise ValueError(f"size must be at least 1, found {self.size}")


def drop_blocks(maps: torch.Tensor, rate: float, size: int) -> torch.Tensor:
    """maps (N, C, T, H, W) with blocks of each channel set to 0, and the rest scaled by all values / values kept.

    The same draws and results as torchvision.ops.drop_block3d where that works, which is for odd sizes up to the
    map's shortest side: it makes blocks cubes of that side in a map of few frames, and refuses those of an even side.
    """
    sides = maps.shape[2:]
    block = [min(size, side) for side in sides]
    places = [side - length + 1 for side, length in zip(sides, block)]
    share = rate * prod(sides) / (prod(block) * prod(places))
    first = torch.empty(*maps.shape[:2], *places, device=maps.device).bernoulli_(share)
    around = [length - 1 for length in reversed(block) for _ in ("before", "after")]
    kept = 1 - nn.functional.max_pool3d(nn.functional.pad(first, around), block, stride=1)
    return maps * (kept * (kept.numel() / (1e-6 + kept.sum()))).to(maps.dtype)


class BlockDropout(nn.Module):
    """`drop_blocks` in training."""

    def __init__(self, options: DropBlock):
        super().__init__()
        self.options = options

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        return drop_blocks(maps, self.options.rate, self.options.size) if self.training else maps


def depth_rates(last: float, layers: int) -> list[float]:
    """Rates of stochastic depth, which rise linearly from layer to layer to that of the last one.

    Source: https://arxiv.org/abs/1603.09382, eq. 4
    """
    return [last * (layer + 1) / layers for layer in range(layers)]


def with_stochastic_depth(layer: nn.Sequential, rate: float) -> nn.Sequential:
    """The layer, whose output is 0 for some samples in training and larger for the others; unchanged at a rate of 0.

    torchvision is imported only here, as that takes seconds.
    """
    if not rate:
        return layer
    from torchvision.ops import StochasticDepth

    return layer.append(StochasticDepth(rate, "row"))


class HeadDropout(nn.Module):
    """Dropout before the last layer of each head.

    rates: {number of a head: its rate}; rate: of the heads that it does not name
    """

    def __init__(self, rate: float, rates: Mapping[int, float], heads: int):
        super().__init__()
        self.common = nn.Dropout(rate)
        self.of_head = nn.ModuleList(nn.Dropout(rates[i]) if i in rates else self.common for i in range(heads))

    def of_one(self, pooled: torch.Tensor) -> list[torch.Tensor]:
        """(B, D) for each head, of a (B, D) that all share; heads without a rate of their own share a draw, too."""
        shared = self.common(pooled) if self.common in self.of_head else pooled
        return [shared if dropout is self.common else dropout(pooled) for dropout in self.of_head]

    def of_each(self, pooled: Iterable[torch.Tensor]) -> list[torch.Tensor]:
        """(B, D) for each head, of one for each head."""
        return [dropout(one) for dropout, one in zip(self.of_head, pooled)]
