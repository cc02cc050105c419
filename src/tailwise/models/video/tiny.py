"""A small net that shrinks the picture early: for processors and for tests."""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import nn

PATCH = 4
MOTION_GAIN = 3.0
"""Changes over time are small beside the picture itself."""


@dataclass(frozen=True)
class Tiny:
    """A small 3-D convolution net.

    width: channels of the first layer, a multiple of 8; the embedding has 4 times as many
    motion: what half of the first layer sees of movement: differences of neighbouring frames, or deviations from the
        clip's mean, as files of older versions have it
    residual: whether the layers that keep the picture's size add to what goes in
    """

    kind: Literal["tiny"]
    width: int
    motion: Literal["deviations", "differences"] = "deviations"
    residual: bool = False

    def __post_init__(self):
        if self.width < 8 or self.width % 8:
            raise ValueError(f"width must be a multiple of 8, found {self.width}")

    def bare(self) -> "Tiny":
        return self

    def check_weights(self) -> None:
        """There are none."""

    def check_shape(self, shape: tuple[int, int, int]) -> None:
        """Raise ValueError for clips (frames, height, width) without a frame or without one whole patch."""
        frames, height, width = shape
        if frames < 1 or min(height, width) < PATCH:
            least = f"1 frame of {PATCH}x{PATCH} pixels or more"
            raise ValueError(f"tiny needs {least}, found {frames} of {height}x{width}")

    def build(self, shape: tuple[int, int, int]) -> "TinyBackbone":
        """The net with fresh weights; it takes clips of any shape that `check_shape` lets pass."""
        self.check_shape(shape)
        return TinyBackbone(self)

    def pretrain(self, backbone: nn.Module) -> None:
        """Nothing: there are no weights to start from."""


class TinyBackbone(nn.Module):
    """Clips (N, T, H, W, 3) in [0, 255] to embeddings (N, 4 * width); H and W are cut to multiples of 4.

    Patches of 4x4 pixels become `width` numbers, half of them what is seen and half how it moves; four 3-D convolutions
    follow. Group norm, so that one clip alone works.
    """

    def __init__(self, options: Tiny):
        super().__init__()
        width, halve = options.width, Residual if options.residual else _halve
        self.dim, self.motion = 4 * width, MOTIONS[options.motion]
        self.patches = nn.Linear(3 * PATCH**2, width)
        self.layers = nn.Sequential(
            _layer(width, 2 * width, stride=(1, 2, 2)),
            halve(2 * width),
            _layer(2 * width, 4 * width, stride=(1, 2, 2)),
            halve(4 * width),
        )

    def forward(self, clips: torch.Tensor) -> torch.Tensor:
        scaled = split_patches(clips).to(self.patches.weight.dtype) / 127.5 - 1
        seen, moved = self.patches(scaled).chunk(2, dim=-1)
        x = torch.cat([seen, MOTION_GAIN * self.motion(moved)], dim=-1).relu().permute(0, 4, 1, 2, 3).contiguous()
        return self.layers(x).mean(dim=(2, 3, 4))


def deviations(features: torch.Tensor) -> torch.Tensor:
    """(N, T, ...) minus the mean over the frames."""
    return features - features.mean(dim=1, keepdim=True)


def differences(features: torch.Tensor) -> torch.Tensor:
    """(N, T, ...) of each frame minus the frame before; 0 of the first."""
    return torch.cat([torch.zeros_like(features[:, :1]), features.diff(dim=1)], dim=1)


MOTIONS = {"deviations": deviations, "differences": differences}


def split_patches(clips: torch.Tensor) -> torch.Tensor:
    """(N, T, H, W, 3) to (N, T, H // 4, W // 4, 48): the pixels of each patch side by side."""
    n, t, height, width, channels = clips.shape
    rows, columns = height // PATCH, width // PATCH
    cut = clips[:, :, : rows * PATCH, : columns * PATCH]
    split = cut.reshape(n, t, rows, PATCH, columns, PATCH, channels).transpose(3, 4)
    return split.reshape(n, t, rows, columns, PATCH * PATCH * channels)


def _layer(inside: int, outside: int, stride: tuple[int, int, int]) -> nn.Sequential:
    convolution = nn.Conv3d(inside, outside, kernel_size=3, stride=stride, padding=1, bias=False)
    return nn.Sequential(convolution, nn.GroupNorm(8, outside), nn.ReLU(inplace=True))


def _halve(channels: int) -> nn.Sequential:
    return _layer(channels, channels, stride=(2, 1, 1))


class Residual(nn.Module):
    """A layer that halves the frames, added to the mean of each pair of frames.

    Source: https://arxiv.org/abs/1512.03385, eq. 2; average pooling in the shortcut: https://arxiv.org/abs/1812.01187
    """

    def __init__(self, channels: int):
        super().__init__()
        self.layer = _halve(channels)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        even = torch.cat([x, x[:, :, -1:]], dim=2) if x.shape[2] % 2 else x
        return self.layer(x) + nn.functional.avg_pool3d(even, (2, 1, 1))
