"""What a position sees beside its neighbours: dilated convolutions, coarser resolutions, parts of the sequence."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, cast

import torch
import torch.nn.functional as F
from torch import nn

from tailwise.models.checks import check_dropout
from tailwise.models.sequence.attention import ScaleAttention
from tailwise.models.sequence.lstm import BidirectionalLSTM
from tailwise.models.sequence.masks import inside, masked


@dataclass(frozen=True)
class Convolutions:
    """Residual convolutions before the recurrent layers.

    kernel: positions that each sees, odd; dilations: of one convolution after another; dropout: of each, in [0, 1)
    """

    kernel: int = 3
    dilations: tuple[int, ...] = (1, 2, 4)
    dropout: float = 0.0

    def __post_init__(self):
        if self.kernel < 3 or not self.kernel % 2:
            raise ValueError(f"kernel must be odd and at least 3, found {self.kernel}")
        if not self.dilations or min(self.dilations) < 1:
            raise ValueError("dilations must name one or more positive numbers")
        check_dropout(self.dropout)

    def build(self, width: int) -> "DilatedConvolutions":
        return DilatedConvolutions(width, self)


@dataclass(frozen=True)
class Resolutions:
    """Coarser copies of the recurrent layers' input, each with layers of its own, joined with the finest output.

    factors: positions that are averaged to one
    layers: what reads a coarse copy: a bidirectional LSTM of one layer, or a convolution of 3
    join: concatenate (and project, residual), or an attention of each position across the scales
    """

    factors: tuple[int, ...] = (2, 4)
    layers: Literal["lstm", "convolution"] = "lstm"
    join: Literal["concatenate", "attention"] = "concatenate"

    def __post_init__(self):
        if not self.factors or min(self.factors) < 2 or len(set(self.factors)) < len(self.factors):
            raise ValueError("factors must name one or more different numbers from 2")

    def build(self, width: int, out: int) -> "CoarseScales":
        return CoarseScales(width, out, self)


@dataclass(frozen=True)
class Pyramid:
    """The means of each part of the sequence, given to the positions of that part.

    parts: numbers of equal parts that a sequence is cut into; 1 is the whole sequence
    """

    parts: tuple[int, ...] = (1, 2, 4)

    def __post_init__(self):
        if not self.parts or min(self.parts) < 1 or len(set(self.parts)) < len(self.parts):
            raise ValueError("parts must name one or more different positive numbers")

    def build(self, width: int) -> "TemporalPyramid":
        return TemporalPyramid(width, self.parts)


class DilatedConvolutions(nn.Module):
    """x (B, T, W), length (B,) to (B, T, W)."""

    def __init__(self, width: int, options: Convolutions):
        super().__init__()
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in options.dilations)
        self.layers = nn.ModuleList(
            nn.Conv1d(width, width, options.kernel, padding=dilation * (options.kernel // 2), dilation=dilation)
            for dilation in options.dilations
        )
        self.dropout = nn.Dropout(options.dropout)

    def forward(self, x: torch.Tensor, length: torch.Tensor) -> torch.Tensor:
        mask = inside(length, x.shape[1])
        for norm, layer in zip(self.norms, self.layers):
            x = x + self.dropout(F.gelu(layer(masked(norm(x), mask).transpose(1, 2)).transpose(1, 2)))
        return x


class CoarseScales(nn.Module):
    """The layers' input (B, T, W), their output (B, T, out) and length (B,) to the output with the coarse scales."""

    def __init__(self, width: int, out: int, options: Resolutions):
        super().__init__()
        self.factors = options.factors
        self.layers = nn.ModuleList(_coarse_layer(options.layers, width, out) for _ in options.factors)
        self.attention = ScaleAttention(out) if options.join == "attention" else None
        self.join = None if self.attention else nn.Linear(out * (1 + len(options.factors)), out)

    def forward(self, x: torch.Tensor, fine: torch.Tensor, length: torch.Tensor) -> torch.Tensor:
        scales = self.scales(x, fine, length)
        if self.attention is not None:
            return self.attention(scales)
        assert self.join is not None
        return fine + self.join(scales.flatten(2))

    def weights(self, x: torch.Tensor, fine: torch.Tensor, length: torch.Tensor) -> torch.Tensor:
        """(B, T, 1 + factors), rows sum to 1: attention to each scale, or its share in the length of what they give."""
        scales = self.scales(x, fine, length)
        if self.attention is not None:
            return self.attention.weights(scales)
        assert self.join is not None
        parts = self.join.weight.unflatten(1, scales.shape[2:])
        given = torch.einsum("btsw,osw->btso", scales, parts)
        return shares(torch.cat([given[:, :, :1] + fine[:, :, None], given[:, :, 1:]], dim=2))

    def scales(self, x: torch.Tensor, fine: torch.Tensor, length: torch.Tensor) -> torch.Tensor:
        """(B, T, 1 + factors, out): the finest output, then each coarse one, repeated to all its positions."""
        found = [fine]
        for factor, layer in zip(self.factors, self.layers):
            coarse = layer(*pooled(x, length, factor))
            found.append(coarse.repeat_interleave(factor, dim=1)[:, : x.shape[1]])
        return torch.stack(found, dim=2)


def pooled(x: torch.Tensor, length: torch.Tensor, factor: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Means of each `factor` positions of x (B, T, W) from the first, and the coarse lengths.

    A sequence's last mean is over the positions that are left.
    """
    short = -x.shape[1] % factor
    mask = F.pad(inside(length, x.shape[1]), (0, short)).unflatten(1, (-1, factor))
    sums = F.pad(masked(x, inside(length, x.shape[1])), (0, 0, 0, short)).unflatten(1, (-1, factor)).sum(dim=2)
    return sums / mask.sum(dim=2).clamp(min=1)[..., None], (length + factor - 1) // factor


def _coarse_layer(layers: str, width: int, out: int) -> nn.Module:
    if layers == "lstm":
        return BidirectionalLSTM(width, out // 2, 1, 0.0)
    return CoarseConvolution(width, out)


class CoarseConvolution(nn.Module):
    """x (B, T, W), length (B,) to (B, T, out): a convolution of 3 positions and GELU."""

    def __init__(self, width: int, out: int):
        super().__init__()
        self.layer = nn.Conv1d(width, out, 3, padding=1)

    def forward(self, x: torch.Tensor, length: torch.Tensor) -> torch.Tensor:
        return F.gelu(self.layer(masked(x, inside(length, x.shape[1])).transpose(1, 2)).transpose(1, 2))


class TemporalPyramid(nn.Module):
    """x (B, T, W), length (B,) to x plus a projection of the means of the parts that each position is in.

    Source: https://arxiv.org/abs/1612.01105, section 3.2, of pictures; a matrix product, since sums by index are not
    reproducible on every device
    """

    def __init__(self, width: int, parts: tuple[int, ...]):
        super().__init__()
        self.parts = parts
        narrow = max(1, width // len(parts))
        self.layers = nn.ModuleList(nn.Linear(width, narrow) for _ in parts)
        self.join = nn.Linear(narrow * len(parts), width)

    def forward(self, x: torch.Tensor, length: torch.Tensor) -> torch.Tensor:
        return x + self.join(F.gelu(torch.cat(self.means(x, length), dim=-1)))

    def means(self, x: torch.Tensor, length: torch.Tensor) -> list[torch.Tensor]:
        """Of each number of parts the projected means, (B, T, narrow)."""
        layers = cast(Iterable[nn.Linear], self.layers)
        return [layer(part_means(x, length, parts)) for parts, layer in zip(self.parts, layers)]

    def weights(self, x: torch.Tensor, length: torch.Tensor) -> torch.Tensor:
        """(B, T, 1 + parts), rows sum to 1: the share of x, and of each number of parts, in the length of the sum."""
        means = torch.stack(self.means(x, length), dim=2)
        given = torch.einsum("btpn,opn->btpo", F.gelu(means), self.join.weight.unflatten(1, means.shape[2:]))
        return shares(torch.cat([x[:, :, None], given], dim=2))


def shares(parts: torch.Tensor) -> torch.Tensor:
    """(..., S): the Euclidean length of each of the S vectors of (..., S, W), over their sum."""
    lengths = parts.norm(dim=-1)
    return lengths / lengths.sum(dim=-1, keepdim=True).clamp(min=torch.finfo(parts.dtype).tiny)


def part_means(x: torch.Tensor, length: torch.Tensor, parts: int) -> torch.Tensor:
    """(B, T, W): at each position the mean of x over its part, of `parts` equal ones of its sequence."""
    places = torch.arange(x.shape[1], device=x.device) * parts // length[:, None]
    members = masked(F.one_hot(places.clamp(max=parts - 1), parts).to(x), inside(length, x.shape[1]))
    sums = members.transpose(1, 2) @ masked(x, inside(length, x.shape[1]))
    return members @ (sums / members.sum(dim=1).clamp(min=1)[..., None])
