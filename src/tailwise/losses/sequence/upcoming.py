"""The losses of auxiliary outputs for the next section of a sequence: its class, and how far away it starts.

Both have targets (B, T) of their own in a batch, IGNORE where there is no next section or it is not known.
"""

import torch
import torch.nn.functional as F

from tailwise.core.batch import Batch, Outputs
from tailwise.core.heads import IGNORE
from tailwise.core.tensors import add_up
from tailwise.losses.head.cross_entropy import cross_entropy

NEXT, UNTIL = "next", "until"
"""Names of the outputs, of their targets and of their losses."""


def upcoming_losses(outputs: Outputs, batch: Batch) -> dict[str, torch.Tensor]:
    """{NEXT: cross entropy, UNTIL: `distance_loss`}, summed over their labels.

    outputs: NEXT: logits (B, T, C), UNTIL: (B, T); targets: NEXT: class ids, UNTIL: positions until it starts
    """
    return {
        NEXT: add_up(cross_entropy(outputs[NEXT], ids, share=share) for ids, share in batch.labels(NEXT)),
        UNTIL: add_up(distance_loss(outputs[UNTIL], until, share) for until, share in batch.labels(UNTIL)),
    }


def distance_loss(found: torch.Tensor, until: torch.Tensor, share: torch.Tensor | None = None) -> torch.Tensor:
    """The sum of smooth L1 between found and log(1 + until), where until is known.

    found, until: (...); share: (...) what each counts in the sum, None for 1
    """
    wanted = until.clamp(min=0).to(found.dtype).log1p()
    each = F.smooth_l1_loss(found, wanted, reduction="none").where(until != IGNORE, 0.0)
    return (each if share is None else each * share).sum()
