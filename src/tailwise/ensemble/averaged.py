"""An ensemble as one model: the average of its members' probabilities."""

from collections.abc import Sequence
from typing import cast

import torch
from torch import nn

from tailwise.core.batch import Outputs


class Averaged(nn.Module):
    """A model whose logits are the logarithm of the weighted mean of the members' probabilities.

    members: called with the same inputs; weights: of each, 1 in sum; heads: names of the outputs that are logits
    (..., C). Other outputs that all members have in one shape, such as attention, are averaged as they are.
    """

    def __init__(self, members: Sequence[nn.Module], weights: Sequence[float], heads: Sequence[str]):
        super().__init__()
        self.members, self.heads = nn.ModuleList(members), tuple(heads)
        self.register_buffer("weights", torch.tensor(weights, dtype=torch.float64))

    def forward(self, **inputs: torch.Tensor) -> Outputs:
        each = [cast(Outputs, member(**inputs)) for member in self.members]
        common = [name for name in each[0] if len({of[name].shape if name in of else None for of in each}) == 1]
        return {name: self._average([of[name] for of in each], name in self.heads) for name in common}

    def _average(self, found: list[torch.Tensor], logits: bool) -> torch.Tensor:
        """In double precision, and of logits by their logarithms, so that no probability becomes 0."""
        stacked, weights = torch.stack(found, dim=-1).double(), cast(torch.Tensor, self.weights)
        if not logits:
            return (stacked * weights).sum(dim=-1).to(found[0].dtype)
        return (stacked.log_softmax(dim=-2) + weights.log()).logsumexp(dim=-1).float()
