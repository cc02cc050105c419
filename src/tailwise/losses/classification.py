"""The loss of a model with one or more heads."""

from collections.abc import Mapping

import torch

from tailwise.core.batch import Batch, Outputs
from tailwise.losses.boost import ClassBoost, boosted_cross_entropy


def classification_loss(
    outputs: Outputs, batch: Batch, boost: Mapping[str, ClassBoost] | None
) -> dict[str, torch.Tensor]:
    """{head: cross entropy summed over the labels}, with the head's boost where there is one.

    outputs: {head: logits (B, C) or (B, T, C)}
    """
    boost = boost or {}
    return {
        name: boosted_cross_entropy(logits, batch.targets[name], boost.get(name)) for name, logits in outputs.items()
    }
