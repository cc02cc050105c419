"""What a kind of loss needs of the labels, and sums over them that add up over batches and processes."""

from dataclasses import dataclass

import torch

from tailwise.core.heads import IGNORE


@dataclass(frozen=True)
class Labels:
    """A head's labels in a batch, and what is known of its classes.

    targets: (...) class ids, IGNORE where there is none
    weight: (C,) of a label by its class; share: (...) what each label counts in the sum, None for 1
    samples: (C,) training samples of each class that the phase draws, repeats not counted
    """

    targets: torch.Tensor
    weight: torch.Tensor
    share: torch.Tensor | None
    samples: torch.Tensor

    @property
    def ids(self) -> torch.Tensor:
        """`targets`, with class 0 where there is none: to index by."""
        return self.targets.clamp(min=0)


def sum_of_labels(each: torch.Tensor, labels: Labels) -> torch.Tensor:
    """The sum of each label's loss (...), by weight and share, without what has no label."""
    factor = labels.weight[labels.ids] * (labels.targets != IGNORE)
    return (each * (factor if labels.share is None else factor * labels.share)).sum()


def smoothed(logits: torch.Tensor, ids: torch.Tensor, smoothing: float) -> torch.Tensor:
    """Each label's cross entropy (...) against 1 - smoothing at its class plus smoothing / C at every class.

    logits: (..., C); ids: (...) without IGNORE. Source: https://arxiv.org/abs/1512.00567, section 7
    """
    log_p = logits.log_softmax(dim=-1)
    own = -log_p.gather(-1, ids[..., None])[..., 0]
    return own if not smoothing else (1 - smoothing) * own - smoothing * log_p.mean(dim=-1)
