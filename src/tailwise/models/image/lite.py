"""EfficientNet-Lite0 as a backbone of pictures, with the ImageNet weights of its package."""

from dataclasses import dataclass, replace
from typing import Literal

import torch
from torch import nn

from tailwise.models.frozen.efficientnet import DIM, EfficientNetLite0
from tailwise.models.image.efficientnet import LEAST, keep_statistics

NET = EfficientNetLite0("efficientnet_lite0")


@dataclass(frozen=True)
class Lite0:
    """A net of 3.4 million parameters, pretrained on ImageNet.

    pretrained: whether it begins with the package's weights; random ones else
    norm: frozen batch norm, which keeps the statistics of the weights; or batch norm, of the micro-batch
    Source: https://github.com/tensorflow/tpu/tree/master/models/official/efficientnet/lite
    """

    kind: Literal["lite0"]
    pretrained: bool = True
    norm: Literal["frozen", "batch"] = "frozen"

    def __post_init__(self):
        if self.norm == "frozen" and not self.pretrained:
            raise ValueError("norm frozen keeps the statistics of weights, and there are none: set batch")

    def bare(self) -> "Lite0":
        """With batch norm, whose tensors and outputs frozen batch norm shares, and without initial weights."""
        return replace(self, pretrained=False, norm="batch")

    def check(self, size: int) -> None:
        """Raise ValueError for pictures of which five halvings leave one place."""
        if size < LEAST:
            raise ValueError(f"lite0 needs pictures of {LEAST} pixels or more, found {size}")

    def build(self, size: int) -> "LiteBackbone":
        """The backbone, randomly initialised; raises ValueError as `check`."""
        self.check(size)
        return LiteBackbone(self.norm == "frozen")

    def pretrain(self, backbone: nn.Module) -> None:
        """Load the package's weights; raises UserError if its file is another."""
        if self.pretrained:
            NET.pretrain(backbone.get_submodule("net"))


class LiteBackbone(nn.Module):
    """image (B, 3, H, W) uint8 to embeddings (B, 1280). frozen: batch norm keeps its statistics in training"""

    def __init__(self, frozen: bool):
        super().__init__()
        self.net, self.dim, self.frozen = NET.build(), DIM, frozen
        self.train()

    def train(self, mode: bool = True) -> "LiteBackbone":
        super().train(mode)
        if self.frozen:
            keep_statistics(self.net)
        return self

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        frames = image.movedim(1, -1).unsqueeze(1).contiguous()  # colours last in memory: faster convolutions
        return self.net(frames)[:, 0]
