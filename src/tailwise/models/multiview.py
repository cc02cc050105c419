"""From the views of a sample to the logits of its heads."""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import nn

from tailwise.core.batch import Head
from tailwise.models.tiny import Tiny
from tailwise.models.video import Video


@dataclass(frozen=True)
class Simplified:
    """One attention over the views for all heads, one pooled vector, heads that differ in the last layer.

    dropout: on the pooled vector, in [0, 1)
    """

    kind: Literal["simplified"]
    dropout: float

    def __post_init__(self):
        if not 0 <= self.dropout < 1:
            raise ValueError(f"dropout must be in [0, 1), found {self.dropout}")


@dataclass(frozen=True)
class Model:
    """A variant on a backbone."""

    variant: Simplified
    backbone: Tiny | Video

    def build(self, heads: tuple[Head, ...], shape: tuple[int, int, int]) -> nn.Module:
        """The model with fresh weights for clips of shape (frames, height, width); ValueError if it takes none such."""
        return SimplifiedModel(self.backbone.build(shape), heads, self.variant.dropout)


class ViewAttention(nn.Module):
    """Weighted mean over views, the weights learned from each view's own embedding.

    The order of the views and padded places change nothing.
    Source: gated attention pooling without the gate, https://arxiv.org/abs/1802.04712, eq. 8
    """

    def __init__(self, dim: int):
        super().__init__()
        self.score = nn.Sequential(nn.Linear(dim, dim // 2), nn.Tanh(), nn.Linear(dim // 2, 1))

    def forward(self, views: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """views (B, V, D), mask (B, V) with a True in each row; returns (B, D)."""
        score = self.score(views).squeeze(-1).masked_fill(~mask, float("-inf"))
        return (score.softmax(dim=1).unsqueeze(-1) * views).sum(dim=1)


class SimplifiedModel(nn.Module):
    """clips (B, V, T, H, W, 3) in [0, 255], mask (B, V) to {head: logits (B, C)}.

    Absent views are not computed.
    """

    def __init__(self, backbone: nn.Module, heads: tuple[Head, ...], dropout: float):
        super().__init__()
        self.backbone = backbone
        self.attention = ViewAttention(backbone.dim)
        self.dropout = nn.Dropout(dropout)
        self.names = [head.name for head in heads]
        self.heads = nn.ModuleList(nn.Linear(backbone.dim, len(head.classes)) for head in heads)

    def forward(self, clips: torch.Tensor, mask: torch.Tensor) -> dict[str, torch.Tensor]:
        embedded = self.backbone(clips[mask])
        views = embedded.new_zeros(*mask.shape, embedded.shape[-1])
        views[mask] = embedded
        pooled = self.dropout(self.attention(views, mask))
        return {name: head(pooled) for name, head in zip(self.names, self.heads)}
