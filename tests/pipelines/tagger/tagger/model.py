"""A recurrent tagger."""

from dataclasses import dataclass

import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from tailwise.core.heads import Head


@dataclass(frozen=True)
class Model:
    dim: int
    layers: int

    def build(self, notes: int, head: Head) -> nn.Module:
        return Tagger(self.dim, self.layers, notes, head)


class Tagger(nn.Module):
    """notes (B, T), length (B,) to {head: logits (B, T, C)}; what lies beyond a length is not computed."""

    def __init__(self, dim: int, layers: int, notes: int, head: Head):
        super().__init__()
        self.name = head.name
        self.embedding = nn.Embedding(notes, dim)
        self.layers = nn.GRU(dim, dim, layers, batch_first=True, bidirectional=True)
        self.last = nn.Linear(2 * dim, len(head.classes))

    def forward(self, notes: torch.Tensor, length: torch.Tensor) -> dict[str, torch.Tensor]:
        packed = pack_padded_sequence(self.embedding(notes), length.cpu(), batch_first=True, enforce_sorted=False)
        hidden, _ = pad_packed_sequence(self.layers(packed)[0], batch_first=True, total_length=notes.shape[1])
        return {self.name: self.last(hidden)}
