"""A small 3-D convolution net that shrinks the picture early: for processors and for tests."""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import nn


@dataclass(frozen=True)
class Tiny:
    """width: channels after the first layer, a multiple of 8; the embedding has 4 times as many."""

    kind: Literal["tiny"]
    width: int

    def __post_init__(self):
        if self.width < 8 or self.width % 8:
            raise ValueError(f"width must be a multiple of 8, found {self.width}")

    def build(self) -> nn.Module:
        return TinyBackbone(self.width)


class TinyBackbone(nn.Module):
    """Clips (N, T, H, W, 3) in [0, 255] to embeddings (N, 4 * width).

    Group norm, so that one clip alone works; the first layer divides the picture's sides by 4.
    """

    def __init__(self, width: int):
        super().__init__()
        self.dim = 4 * width
        self.layers = nn.Sequential(
            _layer(3, width, kernel=(3, 7, 7), stride=(1, 4, 4)),
            _layer(width, 2 * width, kernel=(3, 3, 3), stride=(1, 2, 2)),
            _layer(2 * width, 2 * width, kernel=(3, 3, 3), stride=(2, 1, 1)),
            _layer(2 * width, 4 * width, kernel=(3, 3, 3), stride=(1, 2, 2)),
            _layer(4 * width, 4 * width, kernel=(3, 3, 3), stride=(2, 1, 1)),
        )

    def forward(self, clips: torch.Tensor) -> torch.Tensor:
        x = clips.permute(0, 4, 1, 2, 3).to(self.layers[0][0].weight.dtype) / 127.5 - 1
        return self.layers(x).mean(dim=(2, 3, 4))


def _layer(inside: int, outside: int, kernel: tuple[int, int, int], stride: tuple[int, int, int]) -> nn.Sequential:
    padding = tuple(size // 2 for size in kernel)
    convolution = nn.Conv3d(inside, outside, kernel, stride, padding, bias=False)
    return nn.Sequential(convolution, nn.GroupNorm(8, outside), nn.ReLU(inplace=True))
