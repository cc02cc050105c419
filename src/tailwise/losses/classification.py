"""The loss of a model with one or more heads."""

from collections.abc import Mapping

import torch

from tailwise.core.batch import Batch, Outputs
from tailwise.core.tensors import add_up
from tailwise.losses.head.boost import ClassBoost, boosted_cross_entropy


def classification_loss(
    outputs: Outputs, batch: Batch, boost: Mapping[str, ClassBoost] | None
) -> dict[str, torch.Tensor]:
    """{head: cross entropy summed over the labels}, with the head's boost where there is one.

    outputs: {head: logits (B, C) or (B, T, C)}; what is no head of the batch's targets counts nowhere
    Of mixed samples the partners' labels count, too.
    """
    boost = boost or {}
    return {
        head: add_up(
            boosted_cross_entropy(outputs[head], targets, boost.get(head), share)
            for targets, share in batch.labels(head)
        )
        for head in batch.targets
        if head in outputs
    }
