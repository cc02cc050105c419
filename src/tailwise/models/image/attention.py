"""Attention between the patches of a logo, with a bias by their places and one by their colours."""

import torch
from torch import nn


class SpatialBias(nn.Module):
    """(heads, N, N) to be added to the scores of attention: learned by how far patch j is below and right of patch i.

    side: patches along height and width; N = side * side, row by row
    Source: https://arxiv.org/abs/2103.14030, section 3.2
    """

    index: torch.Tensor

    def __init__(self, heads: int, side: int):
        super().__init__()
        self.by_offset = nn.Parameter(torch.zeros(heads, (2 * side - 1) ** 2))
        places = torch.cartesian_prod(torch.arange(side), torch.arange(side))
        down, right = (places[None] - places[:, None] + side - 1).unbind(dim=-1)
        self.register_buffer("index", (2 * side - 1) * down + right, persistent=False)

    def forward(self) -> torch.Tensor:
        return self.by_offset[:, self.index]


class LogoAttention(nn.Module):
    """x (B, N, W) and, for a colour bias, the patches' colour similarity (B, N, N), to what each patch takes (B, N, W).

    scores = q k / sqrt(d) + spatial[i, j] + scale * similarity[i, j], with a table and a scale of each head's own;
    both are 0 at the start, where this is plain attention. spatial, colour: which biases it has
    """

    def __init__(self, width: int, heads: int, side: int, spatial: bool, colour: bool):
        super().__init__()
        self.heads = heads
        self.project, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.spatial = SpatialBias(heads, side) if spatial else None
        self.colour_scale = nn.Parameter(torch.zeros(heads)) if colour else None

    def forward(self, x: torch.Tensor, similarity: torch.Tensor | None) -> torch.Tensor:
        weights, values = self._attend(x, similarity)
        return self.out((weights @ values).transpose(1, 2).flatten(2))

    def weights(self, x: torch.Tensor, similarity: torch.Tensor | None) -> torch.Tensor:
        """(B, heads, N, N): each row sums to 1."""
        return self._attend(x, similarity)[0]

    def _attend(self, x: torch.Tensor, similarity: torch.Tensor | None) -> tuple[torch.Tensor, torch.Tensor]:
        """Weights (B, heads, N, N) and values (B, heads, N, W / heads)."""
        queries, keys, values = self.project(x).unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        queries, keys = queries * queries.shape[-1] ** -0.5, keys.transpose(-1, -2)
        bias = self._bias(similarity)
        if bias is None:
            return (queries @ keys).softmax(dim=-1), values
        scores = torch.baddbmm(
            bias.expand(*queries.shape[:3], -1).flatten(0, 1), queries.flatten(0, 1), keys.flatten(0, 1)
        )
        return scores.unflatten(0, queries.shape[:2]).softmax(dim=-1), values

    def _bias(self, similarity: torch.Tensor | None) -> torch.Tensor | None:
        """(1 or B, heads, N, N), or None without a bias."""
        spatial = None if self.spatial is None else self.spatial()[None]
        if self.colour_scale is None or similarity is None:
            return spatial
        scale, of_colours = self.colour_scale[:, None, None], similarity[:, None]
        return scale * of_colours if spatial is None else torch.addcmul(spatial, scale, of_colours)
