"""A small convolutional net."""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import nn

from tailwise.models.image.patches import NORMS, Convolutions

HALVINGS = 4


@dataclass(frozen=True)
class Small:
    """A convolution, four that halve the picture, and the mean and maximum over its places.

    width: channels of the second layer, even: the first one has half as many, the last one 8 times as many
    edges: whether it sees edges besides colours, see `with_edges`
    norm: group norm, per picture, or batch norm, over the pictures of a micro-batch
    """

    kind: Literal["small"]
    width: int = 16
    edges: bool = True
    norm: Literal["group", "batch"] = "group"

    def __post_init__(self):
        if self.width < 2 or self.width % 2:
            raise ValueError(f"width must be even and positive, found {self.width}")

    def bare(self) -> "Small":
        return self

    def check(self, size: int) -> None:
        """Raise ValueError for pictures of fewer pixels than the layers halve."""
        if size < 2**HALVINGS:
            raise ValueError(f"small needs pictures of {2**HALVINGS} pixels or more, found {size}")

    def build(self, size: int) -> "SmallNet":
        """The backbone, randomly initialised; raises ValueError as `check`."""
        self.check(size)
        return SmallNet(self)

    def pretrain(self, backbone: nn.Module) -> None:
        """Do nothing: there are no published weights."""


class SmallNet(nn.Module):
    """image (B, 3, H, W) uint8 to embeddings (B, 16 * width)."""

    def __init__(self, options: Small):
        super().__init__()
        channels = [options.width // 2, *(options.width << i for i in range(HALVINGS))]
        self.layers = Convolutions(channels, options.edges, NORMS[options.norm])
        self.dim, self.project = 2 * channels[-1], nn.Linear(2 * channels[-1], 2 * channels[-1])

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        x = self.layers(image).flatten(2)
        return self.project(torch.cat([x.mean(dim=-1), x.amax(dim=-1)], dim=-1)).relu()
