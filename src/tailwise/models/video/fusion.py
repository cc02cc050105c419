"""Pool the view embeddings of a sample into one vector. Invariant to the order of views and to padding."""

import torch
from torch import nn


def masked_mean(views: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """views (B, V, D), mask (B, V) with a True in each row; returns their mean (B, D)."""
    present = mask.unsqueeze(-1).to(views.dtype)
    return (views * present).sum(dim=1) / present.sum(dim=1)


def uniform_weights(mask: torch.Tensor) -> torch.Tensor:
    """The weights (B, V) of `masked_mean`: equal for existing views, 0 for padding."""
    present = mask.float()
    return present / present.sum(dim=1, keepdim=True)


class ViewAttention(nn.Module):
    """Attention pooling: a weighted mean over views, with weights computed from each view's embedding.

    Source: gated attention pooling without the gate, https://arxiv.org/abs/1802.04712, eq. 8
    """

    def __init__(self, dim: int):
        super().__init__()
        self.score = nn.Sequential(nn.Linear(dim, dim // 2), nn.Tanh(), nn.Linear(dim // 2, 1))

    def forward(self, views: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """views (B, V, D), mask (B, V) with a True in each row; returns (B, D)."""
        return (self.weights(views, mask).unsqueeze(-1) * views).sum(dim=1)

    def weights(self, views: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """The attention weights (B, V): 0 for padding; each row sums to 1."""
        score = self.score(views).squeeze(-1).masked_fill(~mask, float("-inf"))
        return score.softmax(dim=1)


class QueryAttention(nn.Module):
    """Multi-head attention pooling with one learned query, added to the mean of the views.

    Source: pooling by multi-head attention with one seed, https://arxiv.org/abs/1810.00825, section 3.2
    """

    def __init__(self, dim: int, attention_heads: int, dropout: float):
        super().__init__()
        self.query = nn.Parameter(torch.randn(1, 1, dim) * dim**-0.5)
        self.attention = nn.MultiheadAttention(dim, attention_heads, dropout=dropout, batch_first=True)
        self.norm = nn.LayerNorm(dim)

    def forward(self, views: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """views (B, V, D), mask (B, V) with a True in each row; returns (B, D)."""
        query = self.query.expand(len(views), -1, -1)
        looked, _ = self.attention(query, views, views, key_padding_mask=~mask, need_weights=False)
        return self.norm(masked_mean(views, mask) + looked.squeeze(1))

    def weights(self, views: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """The attention weights (B, V), averaged over attention heads: 0 for padding; each row sums to 1.

        They are not a view's whole contribution: the mean of the views is added to the attention's output.
        """
        query = self.query.expand(len(views), -1, -1)
        _, weights = self.attention(query, views, views, key_padding_mask=~mask, need_weights=True)
        return weights.squeeze(1)
