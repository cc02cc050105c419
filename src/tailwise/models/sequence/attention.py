"""Self-attention over the positions of a sequence, and attention across scales at each position."""

from dataclasses import dataclass

import torch
from torch import nn

from tailwise.models.checks import check_dropout
from tailwise.models.sequence.masks import inside
from tailwise.models.sequence.positions import Positions, RelativeBias, RelativePositions


@dataclass(frozen=True)
class Attention:
    """heads: of the self-attention, which must divide its width; dropout: of weights and output, in [0, 1)"""

    heads: int = 4
    dropout: float = 0.1

    def __post_init__(self):
        if self.heads < 1:
            raise ValueError(f"heads must be positive, found {self.heads}")
        check_dropout(self.dropout)

    def build(self, width: int, positions: Positions) -> "SelfAttention":
        """Raises ValueError if the heads do not divide the width."""
        if width % self.heads:
            raise ValueError(f"attention.heads {self.heads} does not divide the width {width}, which is twice hidden")
        relative = isinstance(positions, RelativePositions)
        bias = RelativeBias(self.heads, positions.furthest) if relative else None
        return SelfAttention(width, self.heads, self.dropout, bias)


class SelfAttention(nn.Module):
    """x (B, T, W), length (B,) to x plus what each position takes from the positions of its sequence."""

    def __init__(self, width: int, heads: int, dropout: float, bias: RelativeBias | None = None):
        super().__init__()
        self.heads, self.bias = heads, bias
        self.norm = nn.LayerNorm(width)
        self.project, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: torch.Tensor, length: torch.Tensor) -> torch.Tensor:
        weights, values = self._attend(x, length)
        found = (self.dropout(weights) @ values).transpose(1, 2).flatten(2)
        return x + self.dropout(self.out(found))

    def weights(self, x: torch.Tensor, length: torch.Tensor) -> torch.Tensor:
        """(B, heads, T, T): each row sums to 1, and padding has weight 0."""
        return self._attend(x, length)[0]

    def _attend(self, x: torch.Tensor, length: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Weights (B, heads, T, T) and values (B, heads, T, W / heads)."""
        split = self.project(self.norm(x)).unflatten(-1, (3, self.heads, -1))
        queries, keys, values = split.permute(2, 0, 3, 1, 4)
        scores = queries @ keys.transpose(-1, -2) / queries.shape[-1] ** 0.5
        if self.bias is not None:
            scores = scores + self.bias(x.shape[1])
        present = inside(length, x.shape[1])[:, None, None]
        return scores.masked_fill(~present, -torch.inf).softmax(dim=-1), values


class ScaleAttention(nn.Module):
    """scales (B, T, S, W) to (B, T, W): each position weighs the scales by a query from the first, the finest one."""

    def __init__(self, width: int):
        super().__init__()
        self.query, self.key = nn.Linear(width, width), nn.Linear(width, width)

    def forward(self, scales: torch.Tensor) -> torch.Tensor:
        return (self.weights(scales)[..., None] * scales).sum(dim=2)

    def weights(self, scales: torch.Tensor) -> torch.Tensor:
        """(B, T, S): each row sums to 1."""
        query = self.query(scales[:, :, 0])[:, :, None]
        return ((query * self.key(scales)).sum(dim=-1) / scales.shape[-1] ** 0.5).softmax(dim=-1)
