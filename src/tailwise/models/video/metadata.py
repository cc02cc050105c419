"""What is known of a view besides its frames, as embeddings that are added to the view's before the views are fused."""

from collections.abc import Mapping

import torch
from torch import nn


class ViewEmbeddings(nn.Module):
    """ids (N, K) int64, a column for each name, to the sum of their embeddings (N, D).

    sizes: {name: number of ids}. All are 0 at the start, so a model begins as without them, and an id that no training
    view has adds nothing.
    """

    def __init__(self, sizes: Mapping[str, int], dim: int):
        super().__init__()
        self.of = nn.ModuleDict({name: nn.Embedding(size, dim) for name, size in sizes.items()})
        for table in self.of.values():
            nn.init.zeros_(table.weight)  # pyright: ignore[reportArgumentType]

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        return torch.stack([table(column) for table, column in zip(self.of.values(), ids.unbind(dim=1))]).sum(dim=0)
