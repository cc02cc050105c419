"""The transitions of a head's labels as parameters."""

import torch
from torch import nn

from tailwise.losses.sequence.crf import Chain, log_marginals, transitions_output


class CRF(nn.Module):
    """scores (B, T, C), length (B,) to the head's outputs, see `forward`.

    Transitions are 0 at the start: the labels of a sequence are then independent.
    """

    def __init__(self, head: str, classes: int):
        super().__init__()
        self.head = head
        self.transitions = nn.Parameter(torch.zeros(classes, classes))
        self.start, self.end = nn.Parameter(torch.zeros(classes)), nn.Parameter(torch.zeros(classes))

    @property
    def chain(self) -> Chain:
        return Chain(self.transitions, self.start, self.end)

    def forward(self, scores: torch.Tensor, length: torch.Tensor) -> dict[str, torch.Tensor]:
        """In training {head: the scores, its transitions}, for the likelihood; else {head: the log of the marginals}.

        The softmax of log marginals is the marginals, so they serve as logits.
        """
        scores = scores.float() if scores.dtype in (torch.float16, torch.bfloat16) else scores
        if self.training:
            return {self.head: scores, transitions_output(self.head): self.chain.packed}
        return {self.head: log_marginals(scores, self.chain, length)}
