"""I3D on a ResNet-50, pretrained on Kinetics-400, from a local file of mmaction2 or pytorchvideo.

Source: https://arxiv.org/abs/1705.07750, inflated ResNet-50: https://arxiv.org/abs/1711.07971, table 1
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import torch
from torch import nn

from tailwise.models.frozen.files import LocalWeights
from tailwise.models.weights import Tensors, load

DIM = 2048
LAYERS = ((3, 64), (4, 128), (6, 256), (3, 512))
"""(blocks, channels) of each layer; a block gives 4 times its channels."""
INFLATED = ((1, 1, 1), (1, 0, 1, 0), (1, 0, 1, 0, 1, 0), (0, 1, 0))
"""Whether a block's first convolution sees 3 frames."""
LEAST = 32
"""Pixels."""


@dataclass(frozen=True)
class Layout:
    """How one package trains the net. stride: of the frames, in the first convolution and the first pooling

    mean, std: of pixels in [0, 255]
    """

    stride: tuple[int, int]
    mean: tuple[float, float, float]
    std: tuple[float, float, float]


LAYOUTS = {
    "mmaction2": Layout((2, 2), (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)),
    "pytorchvideo": Layout((1, 1), (114.75, 114.75, 114.75), (57.375, 57.375, 57.375)),
}


@dataclass(frozen=True)
class I3D(LocalWeights):
    """2,048 numbers a time step; 27.2 M parameters.

    layout: of the file: mmaction2, whose time steps are of 8 frames, or pytorchvideo, of 2
    path, sha256: see `LocalWeights`
    """

    kind: Literal["i3d"]
    layout: Literal["mmaction2", "pytorchvideo"]

    dim = DIM

    def steps(self, frames: int) -> int:
        """Tokens of a clip of so many frames."""
        for stride in LAYOUTS[self.layout].stride:
            frames = -(-frames // stride)
        return max(frames // 2, 1)

    def check_shape(self, shape: tuple[int, int, int]) -> None:
        """Raise ValueError for clips that poolings leave nothing of."""
        frames, height, width = shape
        first, second = LAYOUTS[self.layout].stride
        least = first * second + 1 if first > 1 else 2
        if frames < least or min(height, width) < LEAST:
            needed = f"{least} or more frames of {LEAST}x{LEAST} or more pixels"
            raise ValueError(f"i3d needs {needed}, found {frames} of {height}x{width}")

    def build(self) -> "I3DSteps":
        """Randomly initialised."""
        return I3DSteps(LAYOUTS[self.layout])

    def pretrain(self, net: nn.Module) -> None:
        tensors = self.read()
        renamed = from_mmaction(tensors) if self.layout == "mmaction2" else from_pytorchvideo(tensors)
        load(net, renamed, "head", self.path)


def from_mmaction(tensors: Mapping[str, torch.Tensor]) -> Tensors:
    """``backbone.layer1.0.conv1.conv.weight`` to ``layer1.0.conv1.weight``, ``...conv1.bn`` to ``...norm1``."""
    found: Tensors = {}
    for name, tensor in tensors.items():
        if name.startswith("cls_head."):
            continue
        name = re.sub(r"^backbone\.", "", name)
        name = re.sub(r"\bconv(\d)\.bn\b", r"norm\1", name)
        name = re.sub(r"\bconv(\d)\.conv\b", r"conv\1", name)
        found[name.replace("downsample.conv", "shortcut").replace("downsample.bn", "shortcut_norm")] = tensor
    return found


def from_pytorchvideo(tensors: Mapping[str, torch.Tensor]) -> Tensors:
    """``blocks.1.res_blocks.0.branch2.conv_a.weight`` to ``layer1.0.conv1.weight``; blocks.2 is a pooling."""
    layers = {1: 1, 3: 2, 4: 3, 5: 4}
    found: Tensors = {}
    for name, tensor in tensors.items():
        if name.startswith("blocks.6."):
            continue
        name = re.sub(r"^blocks\.0\.(conv|norm)\.", r"\g<1>1.", name)
        if part := re.match(r"blocks\.(\d)\.res_blocks\.", name):
            name = f"layer{layers.get(int(part[1]), 0)}.{name[part.end() :]}"
        name = re.sub(r"branch2\.(conv|norm)_([abc])", lambda of: f"{of[1]}{'abc'.index(of[2]) + 1}", name)
        found[name.replace("branch1_conv", "shortcut").replace("branch1_norm", "shortcut_norm")] = tensor
    return found


class I3DSteps(nn.Module):
    """Clips (N, T, H, W, 3) in [0, 255] to an embedding a time step (N, T', 2048)."""

    mean: torch.Tensor
    std: torch.Tensor

    def __init__(self, layout: Layout):
        super().__init__()
        of_conv, of_pool = layout.stride
        self.conv1 = nn.Conv3d(3, 64, (5, 7, 7), (of_conv, 2, 2), (2, 3, 3), bias=False)
        self.norm1 = nn.BatchNorm3d(64)
        self.pool1 = nn.MaxPool3d((1, 3, 3), (of_pool, 2, 2), (0, 1, 1))
        self.pool2 = nn.MaxPool3d((2, 1, 1), (2, 1, 1))
        inside = 64
        for number, ((blocks, channels), inflated) in enumerate(zip(LAYERS, INFLATED), start=1):
            layer = [Bottleneck(inside, channels, 2 if number > 1 else 1, bool(inflated[0]))]
            inside = 4 * channels
            layer += [Bottleneck(inside, channels, 1, bool(inflated[nth])) for nth in range(1, blocks)]
            self.add_module(f"layer{number}", nn.Sequential(*layer))
        self.register_buffer("mean", torch.tensor(layout.mean), persistent=False)
        self.register_buffer("std", torch.tensor(layout.std), persistent=False)

    def forward(self, clips: torch.Tensor) -> torch.Tensor:
        normal = (clips.to(self.mean.dtype) - self.mean) / self.std
        x = self.pool1(self.norm1(self.conv1(normal.permute(0, 4, 1, 2, 3))).relu())
        for number in range(1, len(LAYERS) + 1):
            x = self.get_submodule(f"layer{number}")(x)
            x = self.pool2(x) if number == 1 else x
        return x.mean(dim=(3, 4)).transpose(1, 2)


class Bottleneck(nn.Module):
    """1x1x1, or 3x1x1 where inflated; 1x3x3 with the stride; 1x1x1; a shortcut."""

    def __init__(self, inside: int, channels: int, stride: int, inflated: bool):
        super().__init__()
        frames = 3 if inflated else 1
        self.conv1 = nn.Conv3d(inside, channels, (frames, 1, 1), padding=(frames // 2, 0, 0), bias=False)
        self.conv2 = nn.Conv3d(channels, channels, (1, 3, 3), (1, stride, stride), (0, 1, 1), bias=False)
        self.conv3 = nn.Conv3d(channels, 4 * channels, 1, bias=False)
        self.norm1, self.norm2 = nn.BatchNorm3d(channels), nn.BatchNorm3d(channels)
        self.norm3 = nn.BatchNorm3d(4 * channels)
        self.widens = inside != 4 * channels
        if self.widens:
            self.shortcut = nn.Conv3d(inside, 4 * channels, 1, (1, stride, stride), bias=False)
            self.shortcut_norm = nn.BatchNorm3d(4 * channels)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        found = self.norm1(self.conv1(x)).relu()
        found = self.norm2(self.conv2(found)).relu()
        found = self.norm3(self.conv3(found))
        return (found + (self.shortcut_norm(self.shortcut(x)) if self.widens else x)).relu()
