"""A small backbone that downsamples early, for CPUs and tests."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal

import torch
from torch import nn

from tailwise.models.video.regularisers import BlockDropout, DropBlock, check_rate, depth_rates, with_stochastic_depth

PATCH = 4
MOTION_GAIN = 3.0
"""Scales motion features, which are small compared with pixel values."""


@dataclass(frozen=True)
class Tiny:
    """A small 3-D convolution net.

    width: channels of the first layer, a multiple of 8; the embedding has 4 times as many
    motion: input of the motion half of the first layer: differences of consecutive frames, or deviations from the
        clip's mean (weights files of older versions)
    residual: whether the layers that halve the frames have a shortcut
    norm: group norm, per clip, or batch norm, over the clips of a micro-batch, which keeps how strongly a clip moves
        compared with others
    drop_block: blocks of the last two layers' maps are left out in training; None: none
    stochastic_depth: rate at which the last residual layer is left out for a clip in training, earlier ones less
    """

    kind: Literal["tiny"]
    width: int
    motion: Literal["deviations", "differences"] = "deviations"
    residual: bool = False
    norm: Literal["group", "batch"] = "group"
    drop_block: DropBlock | None = None
    stochastic_depth: float = 0.0

    def __post_init__(self):
        if self.width < 8 or self.width % 8:
            raise ValueError(f"width must be a multiple of 8, found {self.width}")
        check_rate("stochastic_depth", self.stochastic_depth)
        if self.stochastic_depth and not self.residual:
            raise ValueError("stochastic_depth needs residual layers: set residual to true, or it to 0")

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
        return TinyBackbone(self)

    def pretrain(self, backbone: nn.Module) -> None:
        """Do nothing: there are no pretrained weights."""


class TinyBackbone(nn.Module):
    """Clips (N, T, H, W, 3) in [0, 255] to embeddings (N, 4 * width); H and W are cropped to multiples of 4.

    Embeds patches of 4x4 pixels into `width` channels: half appearance, half motion. Four 3-D convolutions follow.
    """

    def __init__(self, options: Tiny):
        super().__init__()
        width, norm = options.width, NORMS[options.norm]
        depth = depth_rates(options.stochastic_depth, 2) if options.residual else [None, None]
        drops = [BlockDropout(options.drop_block)] if options.drop_block else []
        self.dim, self.motion = 4 * width, MOTIONS[options.motion]
        self.patches = nn.Linear(3 * PATCH**2, width)
        self.layers = nn.Sequential(
            _layer(width, 2 * width, (1, 2, 2), norm),
            _halve(2 * width, norm, depth[0]),
            _layer(2 * width, 4 * width, (1, 2, 2), norm).extend(drops),
            _halve(4 * width, norm, depth[1]),
            *drops,
        )

    def forward(self, clips: torch.Tensor) -> torch.Tensor:
        return self.maps(clips).mean(dim=(2, 3, 4))

    def maps(self, clips: torch.Tensor) -> torch.Tensor:
        """What the embedding is the mean of, (N, 4 * width, T', H', W'); T' is T / 4, rounded up."""
        seen, moved = self._embed_patches(clips).chunk(2, dim=-1)
        x = torch.cat([seen, MOTION_GAIN * self.motion(moved)], dim=-1).relu().permute(0, 4, 1, 2, 3)
        return self.layers(x)

    def _embed_patches(self, clips: torch.Tensor) -> torch.Tensor:
        """(N, T, H, W, 3) to (N, T, H // 4, W // 4, width): `patches` of pixels scaled to [-1, 1].

        As a convolution of stride 4 whose kernel does the scaling, without a copy of the pixels by patches. Its result
        lies in memory as channels_last, which the convolutions after it take 0.8 of the time with.
        """
        weight, bias = self.patches.weight, self.patches.bias
        kernel = (weight / 127.5).unflatten(1, (PATCH, PATCH, 3)).permute(0, 3, 1, 2)
        pixels = clips.flatten(0, 1).permute(0, 3, 1, 2).to(weight.dtype)
        embedded = nn.functional.conv2d(pixels, kernel, bias - weight.sum(dim=1), stride=PATCH)
        return embedded.permute(0, 2, 3, 1).unflatten(0, clips.shape[:2])


def deviations(features: torch.Tensor) -> torch.Tensor:
    """(N, T, ...) minus the mean over the frames."""
    return features - features.mean(dim=1, keepdim=True)


def differences(features: torch.Tensor) -> torch.Tensor:
    """(N, T, ...), each frame minus the one before; 0 for the first."""
    return torch.cat([torch.zeros_like(features[:, :1]), features.diff(dim=1)], dim=1)


MOTIONS = {"deviations": deviations, "differences": differences}


Norm = Callable[[int], nn.Module]
"""A normalization layer for this many channels."""
NORMS: dict[str, Norm] = {"group": partial(nn.GroupNorm, 8), "batch": nn.BatchNorm3d}


def _layer(inside: int, outside: int, stride: tuple[int, int, int], norm: Norm) -> nn.Sequential:
    convolution = nn.Conv3d(inside, outside, kernel_size=3, stride=stride, padding=1, bias=False)
    return nn.Sequential(convolution, norm(outside), nn.ReLU(inplace=True))


def _halve(channels: int, norm: Norm, depth_rate: float | None) -> nn.Module:
    """depth_rate: of stochastic depth of a residual layer; None: not residual"""
    layer = _layer(channels, channels, (2, 1, 1), norm)
    return layer if depth_rate is None else Residual(with_stochastic_depth(layer, depth_rate))


class Residual(nn.Module):
    """A layer that halves the frames, with a shortcut: the mean of each pair of frames is added.

    Source: https://arxiv.org/abs/1512.03385, eq. 2; average pooling in the shortcut: https://arxiv.org/abs/1812.01187
    """

    def __init__(self, layer: nn.Module):
        super().__init__()
        self.layer = layer

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        even = torch.cat([x, x[:, :, -1:]], dim=2) if x.shape[2] % 2 else x
        return self.layer(x) + nn.functional.avg_pool3d(even, (2, 1, 1))
