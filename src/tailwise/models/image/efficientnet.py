"""EfficientNet-B1 of torchvision without its last layer. torchvision is imported only when a model is built."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal, cast

import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

from tailwise.models.image.patches import group_norm
from tailwise.models.weights import NoWeights, WeightsFile, load

NAME = "efficientnet_b1"
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Of ImageNet, by which torchvision's weights were trained."""
LEAST = 33
"""Pixels below which the last features are of one place: batch norm then has one number a channel and sample."""


@dataclass(frozen=True)
class EfficientNetB1:
    """A net of 6.5 million parameters.

    weights: of ImageNet from a file with torchvision's keys, or none
    norm: group norm, whose statistics are of one sample; batch norm, of the micro-batch; or frozen batch norm, which
        keeps the statistics of the weights
    checkpoint: activation checkpointing by stage: less memory, more time, the same gradients
    Source: https://arxiv.org/abs/1905.11946
    """

    kind: Literal["efficientnet_b1"]
    weights: NoWeights | WeightsFile = NoWeights("none")
    norm: Literal["group", "batch", "frozen"] = "group"
    checkpoint: bool = False

    def __post_init__(self):
        of_file = isinstance(self.weights, WeightsFile)
        if self.norm == "group" and of_file:
            raise ValueError(
                "norm group does not fit weights of torchvision, which have batch norm: set frozen or batch"
            )
        if self.norm == "frozen" and not of_file:
            raise ValueError("norm frozen keeps the statistics of weights, and there are none: set group or batch")

    def bare(self) -> "EfficientNetB1":
        """With the options that change its tensors or its outputs alone; frozen batch norm has those of batch norm."""
        norm = "group" if self.norm == "group" else "batch"
        return replace(self, weights=NoWeights("none"), norm=norm, checkpoint=False)

    def check(self, size: int) -> None:
        """Raise ValueError for pictures too small for batch norm."""
        if self.norm == "batch" and size < LEAST:
            raise ValueError(f"{NAME} with norm batch needs pictures of {LEAST} pixels or more, found {size}")

    def build(self, size: int) -> "EfficientBackbone":
        """The backbone, randomly initialised; raises ValueError as `check`."""
        from torchvision.models import get_model

        self.check(size)
        net = get_model(NAME, weights=None)
        if self.norm == "group":
            with_group_norm(net)
        return EfficientBackbone(net, self)

    def pretrain(self, backbone: nn.Module) -> None:
        """Load the initial weights; raises UserError if they are unavailable or do not fit the model."""
        assert isinstance(backbone, EfficientBackbone)
        if (tensors := self.weights.read(NAME)) is not None:
            given = {name.removeprefix("features."): tensor for name, tensor in tensors.items()}
            load(backbone.features, given, "classifier", getattr(self.weights, "path", NAME))


class EfficientBackbone(nn.Module):
    """image (B, 3, H, W) uint8 to embeddings (B, 1280), the inputs of the net's last layer."""

    mean: torch.Tensor
    std: torch.Tensor

    def __init__(self, net: nn.Module, options: EfficientNetB1):
        super().__init__()
        self.features = cast(nn.Sequential, net.get_submodule("features"))
        self.dim, self.frozen, self.checkpoint = 1280, options.norm == "frozen", options.checkpoint
        for name, values in (("mean", MEAN), ("std", STD)):
            self.register_buffer(name, torch.tensor(values)[:, None, None], persistent=False)
        self.train()

    def train(self, mode: bool = True) -> "EfficientBackbone":
        super().train(mode)
        if self.frozen:
            keep_statistics(self)
        return self

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        x = (image.to(self.mean.dtype) / 255 - self.mean) / self.std
        for stage in self.features:
            x = checkpoint(stage, x, use_reentrant=False) if self.checkpoint and self.training else stage(x)
        return cast(torch.Tensor, x).mean(dim=(2, 3))


def keep_statistics(net: nn.Module) -> None:
    """Set the batch norms of a net to evaluation, in place: training then leaves their statistics as they are."""
    for part in net.modules():
        if isinstance(part, nn.BatchNorm2d):
            part.eval()


def with_group_norm(net: nn.Module) -> None:
    """Replace the batch norms of a net, in place."""
    for part in list(net.modules()):
        for name, child in cast(Iterable[tuple[str, nn.Module]], part.named_children()):
            if isinstance(child, nn.BatchNorm2d):
                setattr(part, name, group_norm(child.num_features))
