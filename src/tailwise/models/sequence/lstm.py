"""A bidirectional LSTM on padded sequences that does not see the padding."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import cast

import torch
from torch import nn

from tailwise.models.checks import check_dropout
from tailwise.models.sequence.masks import rearranged, reversed_places


@dataclass(frozen=True)
class Recurrence:
    """hidden: units a direction; layers: of both directions each; dropout: between layers, in [0, 1)"""

    hidden: int = 256
    layers: int = 2
    dropout: float = 0.0

    def __post_init__(self):
        if self.hidden < 1 or self.layers < 1:
            raise ValueError("hidden and layers must be positive")
        check_dropout(self.dropout)
        if self.dropout and self.layers == 1:
            raise ValueError("dropout has no effect: it acts between layers, and there is one")

    def build(self, width: int) -> "BidirectionalLSTM":
        return BidirectionalLSTM(width, self.hidden, self.layers, self.dropout)


class BidirectionalLSTM(nn.Module):
    """x (B, T, W), length (B,) to (B, T, 2 * hidden); forward and backward states beside each other, as `nn.LSTM`.

    Each sequence is reversed within its length for the backward direction, so that both directions meet padding after
    the sequence alone. It gives what `nn.LSTM` gives on packed sequences, which took 4 to 9 times as long on a CPU.
    Values beyond a length are not 0, and mean nothing.
    """

    def __init__(self, width: int, hidden: int, layers: int, dropout: float):
        super().__init__()
        widths = [width, *[2 * hidden] * (layers - 1)]
        self.forwards = nn.ModuleList(nn.LSTM(size, hidden, batch_first=True) for size in widths)
        self.backwards = nn.ModuleList(nn.LSTM(size, hidden, batch_first=True) for size in widths)
        self.dropout, self.width = nn.Dropout(dropout), 2 * hidden

    def forward(self, x: torch.Tensor, length: torch.Tensor) -> torch.Tensor:
        places = reversed_places(length, x.shape[1])
        layers = zip(cast(Iterable[nn.LSTM], self.forwards), cast(Iterable[nn.LSTM], self.backwards))
        for number, (forwards, backwards) in enumerate(layers):
            x = self.dropout(x) if number else x
            back = rearranged(backwards(rearranged(x, places))[0], places)
            x = torch.cat([forwards(x)[0], back], dim=-1)
        return x
