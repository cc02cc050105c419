"""A small backbone that downsamples early, for CPUs and tests."""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import nn

PATCH = 4
MOTION_GAIN = 3.0
"""Scales deviations from the clip's mean, which are small compared with pixel values."""


@dataclass(frozen=True)
class Tiny:
    """width: channels of the first layer, a multiple of 8; the embedding has 4 times as many."""

    kind: Literal["tiny"]
    width: int

    def __post_init__(self):
        if self.width < 8 or self.width % 8:
            raise ValueError(f"width must be a multiple of 8, found {self.width}")

    def bare(self) -> "Tiny":
        return self

    def check_weights(self) -> None:
        """Do nothing: there are no pretrained weights."""

    def check_shape(self, shape: tuple[int, int, int]) -> None:
        """Raise ValueError for clips (frames, height, width) smaller than one frame or one patch."""
        frames, height, width = shape
        if frames < 1 or min(height, width) < PATCH:
            least = f"1 frame of {PATCH}x{PATCH} pixels or more"
            raise ValueError(f"tiny needs {least}, found {frames} of {height}x{width}")

    def build(self, shape: tuple[int, int, int]) -> "TinyBackbone":
        """The backbone, randomly initialised; accepts any clip shape that passes `check_shape`."""
        self.check_shape(shape)
        return TinyBackbone(self.width)

    def pretrain(self, backbone: nn.Module) -> None:
        """Do nothing: there are no pretrained weights."""


class TinyBackbone(nn.Module):
    """Clips (N, T, H, W, 3) in [0, 255] to embeddings (N, 4 * width); H and W are cropped to multiples of 4.

    Embeds patches of 4x4 pixels into `width` channels: half appearance, half deviation from its mean over the clip.
    Four 3-D convolutions follow. Group norm allows batches of one clip.
    """

    def __init__(self, width: int):
        super().__init__()
        self.dim = 4 * width
        self.patches = nn.Linear(3 * PATCH**2, width)
        self.layers = nn.Sequential(
            _layer(width, 2 * width, stride=(1, 2, 2)),
            _layer(2 * width, 2 * width, stride=(2, 1, 1)),
            _layer(2 * width, 4 * width, stride=(1, 2, 2)),
            _layer(4 * width, 4 * width, stride=(2, 1, 1)),
        )

    def forward(self, clips: torch.Tensor) -> torch.Tensor:
        scaled = split_patches(clips).to(self.patches.weight.dtype) / 127.5 - 1
        seen, moved = self.patches(scaled).chunk(2, dim=-1)
        moved = MOTION_GAIN * (moved - moved.mean(dim=1, keepdim=True))
        x = torch.cat([seen, moved], dim=-1).relu().permute(0, 4, 1, 2, 3).contiguous()
        return self.layers(x).mean(dim=(2, 3, 4))


def split_patches(clips: torch.Tensor) -> torch.Tensor:
    """(N, T, H, W, 3) to (N, T, H // 4, W // 4, 48): the pixels of each patch, flattened."""
    n, t, height, width, channels = clips.shape
    rows, columns = height // PATCH, width // PATCH
    cut = clips[:, :, : rows * PATCH, : columns * PATCH]
    split = cut.reshape(n, t, rows, PATCH, columns, PATCH, channels).transpose(3, 4)
    return split.reshape(n, t, rows, columns, PATCH * PATCH * channels)


def _layer(inside: int, outside: int, stride: tuple[int, int, int]) -> nn.Sequential:
    convolution = nn.Conv3d(inside, outside, kernel_size=3, stride=stride, padding=1, bias=False)
    return nn.Sequential(convolution, nn.GroupNorm(8, outside), nn.ReLU(inplace=True))
