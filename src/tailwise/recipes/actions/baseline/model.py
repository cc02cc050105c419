"""A baseline: a net that gives an embedding of a clip, and a classifier for each head."""

import torch
from torch import nn

from tailwise.core.heads import Head
from tailwise.models.action.cast import Cast
from tailwise.models.action.timesformer import TimeSformer
from tailwise.models.action.vit import Shape

Net = TimeSformer | Cast


class BaselineModel(nn.Module):
    """clips (B, 1, T, H, W, 3) in [0, 255] to {head: logits (B, C)}."""

    def __init__(self, options: Net, heads: tuple[Head, ...], shape: Shape):
        super().__init__()
        self.net = options.build(shape)
        self.classifiers = nn.ModuleDict({head.name: nn.Linear(options.width, len(head.classes)) for head in heads})

    def forward(self, clips: torch.Tensor, mask: torch.Tensor) -> dict[str, torch.Tensor]:
        """mask: (B, 1), True: a clip is its sample's only view"""
        embedded = self.net(clips[:, 0])
        return {name: layer(embedded) for name, layer in self.classifiers.items()}
