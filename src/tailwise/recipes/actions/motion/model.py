"""The net of the motion stream while it is trained: the stream, its mean over time, and a classifier for each head."""

import torch
from torch import nn

from tailwise.core.heads import Head
from tailwise.models.frozen.motion import OwnMotion


class MotionModel(nn.Module):
    """clips (B, 1, T, H, W, 3) in [0, 255] to {head: logits (B, C)}. `stream` is what the motion stream loads."""

    def __init__(self, options: OwnMotion, heads: tuple[Head, ...], dropout: float = 0.0):
        super().__init__()
        self.stream, self.drop = options.build(), nn.Dropout(dropout)
        self.classifiers = nn.ModuleDict({head.name: nn.Linear(options.dim, len(head.classes)) for head in heads})

    def forward(self, clips: torch.Tensor, mask: torch.Tensor) -> dict[str, torch.Tensor]:
        """mask: (B, 1), True: a clip is its sample's only view"""
        embedded = self.drop(self.stream(clips[:, 0]).mean(dim=1))
        return {name: layer(embedded) for name, layer in self.classifiers.items()}
