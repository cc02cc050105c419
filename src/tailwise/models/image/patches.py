"""Pictures as patches: embedded by convolutions, and their mean colours."""

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import nn

LARGEST_LEVEL = 255.0
LARGEST_STEP = 8
"""Levels by which pixels beside each other in a gradient differ at most."""
SEEN = {True: 7, False: 3}
"""{whether edges are seen: channels of a picture}"""


def normalised(image: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    """image (B, 3, H, W) uint8 in [0, 255] to numbers in [-1, 1]."""
    return image.to(dtype) / (LARGEST_LEVEL / 2) - 1


def with_edges(image: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    """image (B, 3, H, W) uint8 to (B, 7, H, W): `normalised`, and how far each pixel is from that right and below it.

    A difference d of levels, the largest over the colours, is log(1 + d) / log(256), near 1 at an edge, whatever the
    colours are; and in channels of their own, 1 where it is small but not 0, as within a gradient, else 0.
    """
    levels = image.to(dtype)
    right, down = levels.diff(dim=3).abs().amax(dim=1), levels.diff(dim=2).abs().amax(dim=1)
    differences = torch.stack([F.pad(right, (0, 1)), F.pad(down, (0, 0, 0, 1))], dim=1)
    small = ((differences > 0) & (differences <= LARGEST_STEP)).to(dtype)
    return torch.cat([normalised(image, dtype), differences.log1p() / math.log(LARGEST_LEVEL + 1), small], dim=1)


def group_norm(channels: int) -> nn.GroupNorm:
    """Group norm of groups of 8 channels, or of 4 or fewer where 8 do not divide them: a sample needs no other one."""
    size = next(size for size in (8, 4, 2, 1) if not channels % size)
    return nn.GroupNorm(channels // size, channels)


def is_power(number: int) -> bool:
    """Whether a number is 2, 4, 8 and so on."""
    return number > 1 and not number & (number - 1)


Norm = Callable[[int], nn.Module]
NORMS: dict[str, Norm] = {"group": group_norm, "batch": nn.BatchNorm2d}
"""{name: a normalization layer for this many channels}"""


class PatchEmbedding(nn.Module):
    """image (B, 3, H, W) uint8 to (B, H / patch, W / patch, width), by convolutions of 3 x 3.

    The first one keeps height and width, each further one halves them and has twice the channels; then each patch is
    projected. edges: whether the first one sees `with_edges`
    Source: https://arxiv.org/abs/2106.14881, section 4: transformers whose patches are embedded by a few convolutions
    learn faster and from less data than with one convolution of stride `patch`
    """

    def __init__(self, patch: int, width: int, edges: bool):
        super().__init__()
        halvings = patch.bit_length() - 1
        channels = [max(8, width >> halvings - i) for i in range(halvings + 1)]
        self.layers = Convolutions(channels, edges)
        self.project = nn.Linear(channels[-1], width)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return self.project(self.layers(image).permute(0, 2, 3, 1))


class Convolutions(nn.Module):
    """image (B, 3, H, W) uint8 to (B, C, h, w): convolutions of 3 x 3, each with GELU.

    channels: of each; the first one keeps height and width, and has no norm: its inputs have known levels. The others
        halve height and width, and have a norm
    edges: whether the first one sees `with_edges`, else colours alone
    """

    def __init__(self, channels: list[int], edges: bool, norm: Norm = group_norm):
        super().__init__()
        self.see = with_edges if edges else normalised
        first = nn.Conv2d(SEEN[edges], channels[0], 3, padding=1)
        self.layers = nn.Sequential(first, nn.GELU(), *(halving(*pair, norm) for pair in zip(channels, channels[1:])))

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        convolution = next(self.layers.parameters())
        return self.layers(self.see(image, convolution.dtype))


def halving(inside: int, outside: int, norm: Norm) -> nn.Sequential:
    """A convolution that halves height and width, a norm and GELU."""
    convolution = nn.Conv2d(inside, outside, 3, stride=2, padding=1, bias=False)
    return nn.Sequential(convolution, norm(outside), nn.GELU())


def patch_colours(image: torch.Tensor, patch: int) -> torch.Tensor:
    """image (B, 3, H, W) uint8 to the mean colours of its patches (B, N, 3), in [0, 1], row by row."""
    return F.avg_pool2d(image.float() / LARGEST_LEVEL, patch).flatten(2).transpose(1, 2)


def colour_similarity(colours: torch.Tensor, spread: float) -> torch.Tensor:
    """(B, N, N): exp(-d^2 / (2 spread^2)) of the distance d of two patches' colours (B, N, 3); 1 for equal ones."""
    squares = (colours[:, :, None] - colours[:, None]).square().sum(dim=-1)
    return (-squares / (2 * spread**2)).exp()
