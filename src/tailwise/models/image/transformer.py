"""The logo-aware vision transformer.

Logo-aware means three things that a plain vision transformer has to learn from many pictures. Two are told to attention
about two patches: where one lies relative to the other (a learned bias for each offset), and whether they have the same
colour (a learned weight of each head on the similarity of their mean colours): a logo has few, flat colours, so patches
of one colour are mostly parts of one shape, wherever they are, and letters are the same strokes side by side. The third
is told to the patches: how each pixel differs from the next ones, whatever the colours are, on a scale that tells flat
parts, gradients and edges apart.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal, cast

import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

from tailwise.models.checks import check_dropout
from tailwise.models.image.attention import LogoAttention
from tailwise.models.image.patches import PatchEmbedding, colour_similarity, is_power, patch_colours

COLOUR_SPREAD = 0.15
"""Distance of colours, in [0, sqrt 3], at which their similarity is 0.6."""


@dataclass(frozen=True)
class VisionTransformer:
    """Patches embedded by convolutions, blocks of attention, and as many weighted means of the patches as heads.

    width: of a patch's vector, a multiple of `heads`; depth: blocks; heads: of each block's attention
    patch: its height and width in pixels: 2, 4, 8, 16 or 32, which must divide the picture's
    hidden: width of the blocks' hidden layers, as a multiple of `width`
    dropout: of the features that each block adds, in [0, 1)
    spatial_bias, colour_bias, edges: what makes it logo-aware, see above
    checkpoint: activation checkpointing by block: less memory, more time, the same gradients
    """

    kind: Literal["vit"]
    width: int = 64
    depth: int = 3
    heads: int = 4
    patch: int = 8
    hidden: int = 2
    dropout: float = 0.1
    spatial_bias: bool = True
    colour_bias: bool = True
    edges: bool = True
    checkpoint: bool = False

    def __post_init__(self):
        if min(self.width, self.depth, self.heads, self.hidden) < 1:
            raise ValueError("width, depth, heads and hidden must be positive")
        if self.width % self.heads:
            raise ValueError(f"heads {self.heads} does not divide width {self.width}")
        if not is_power(self.patch) or self.patch > 32:
            raise ValueError(f"patch must be 2, 4, 8, 16 or 32 pixels, found {self.patch}")
        check_dropout(self.dropout)

    def bare(self) -> "VisionTransformer":
        """The same model without the options that change neither its tensors nor its outputs."""
        return replace(self, checkpoint=False)

    def check(self, size: int) -> None:
        """Raise ValueError for pictures of `size` x `size` pixels that patches do not divide."""
        if size % self.patch or size < 2 * self.patch:
            raise ValueError(f"patch {self.patch} must divide pictures of {size} pixels into 2 x 2 patches or more")

    def build(self, size: int) -> "LogoTransformer":
        """The backbone for pictures of `size` x `size` pixels, randomly initialised; raises ValueError as `check`."""
        self.check(size)
        return LogoTransformer(self, size)

    def pretrain(self, backbone: nn.Module) -> None:
        """Do nothing: there are no published weights."""


class LogoTransformer(nn.Module):
    """image (B, 3, size, size) uint8 to embeddings (B, width)."""

    def __init__(self, options: VisionTransformer, size: int):
        super().__init__()
        self.dim, self.patch, self.side = options.width, options.patch, size // options.patch
        self.checkpoint, self.colour_bias = options.checkpoint, options.colour_bias
        self.patches = PatchEmbedding(options.patch, options.width, options.edges)
        self.blocks = nn.ModuleList(Block(options, self.side) for _ in range(options.depth))
        self.norm, self.pool = nn.LayerNorm(options.width), nn.Linear(options.width, options.heads)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        x, similarity = self._embed(image)
        for block in self.blocks:
            again = self.checkpoint and self.training
            x = checkpoint(block, x, similarity, use_reentrant=False) if again else block(x, similarity)
        x = cast(torch.Tensor, self.norm(x))
        parts = x.unflatten(-1, (self.pool.out_features, -1)).transpose(1, 2)  # (B, heads, N, W / heads)
        return (self._pool(x)[:, :, None] @ parts).flatten(1)

    def _embed(self, image: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Patches (B, N, W), and the similarity of their colours (B, N, N) if it is used."""
        x = self.patches(image).flatten(1, 2)
        if not self.colour_bias:
            return x, None
        return x, colour_similarity(patch_colours(image, self.patch), COLOUR_SPREAD).to(x.dtype)

    def _pool(self, x: torch.Tensor) -> torch.Tensor:
        """(B, heads, N): what each patch counts in a part of the embedding, 1 in sum."""
        return self.pool(x).transpose(1, 2).softmax(dim=-1)

    @torch.no_grad()
    def attention_map(self, image: torch.Tensor) -> torch.Tensor:
        """(B, side, side): how much of the embedding came from each patch, 1 in sum. Call it in eval mode.

        The pooling's weights followed back through the blocks, whose shortcuts count half.
        Source: https://arxiv.org/abs/2005.00928, section 3
        """
        x, similarity = self._embed(image)
        passed = torch.eye(x.shape[1], dtype=x.dtype, device=x.device).expand(len(x), -1, -1)
        for block in cast(Iterable[Block], self.blocks):
            weights = block.weights(x, similarity).mean(dim=1)
            passed = (weights @ passed + passed) / 2
            x = block(x, similarity)
        return (self._pool(self.norm(x)) @ passed).mean(dim=1).reshape(len(x), self.side, self.side)


class FeatureDropout(nn.Dropout):
    """x (B, N, W) with features of a sample dropped in all its patches: a sixtieth of the random numbers of 8 x 8."""

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        kept = input.new_ones(len(input), 1, input.shape[-1])
        return input * nn.functional.dropout(kept, self.p) if self.training and self.p else input


class Block(nn.Module):
    """x (B, N, W), similarity (B, N, N) or None to (B, N, W): attention and two layers, each with norm and shortcut."""

    def __init__(self, options: VisionTransformer, side: int):
        super().__init__()
        width, biases = options.width, (options.spatial_bias, options.colour_bias)
        self.attention = LogoAttention(width, options.heads, side, *biases)
        self.norms = nn.ModuleList([nn.LayerNorm(width), nn.LayerNorm(width)])
        hidden = options.hidden * width
        self.layers = nn.Sequential(nn.Linear(width, hidden), nn.GELU(), nn.Linear(hidden, width))
        self.dropout = FeatureDropout(options.dropout)

    def forward(self, x: torch.Tensor, similarity: torch.Tensor | None) -> torch.Tensor:
        x = x + self.dropout(self.attention(self.norms[0](x), similarity))
        return x + self.dropout(self.layers(self.norms[1](x)))

    def weights(self, x: torch.Tensor, similarity: torch.Tensor | None) -> torch.Tensor:
        """Those of its attention, (B, heads, N, N)."""
        return self.attention.weights(self.norms[0](x), similarity)
