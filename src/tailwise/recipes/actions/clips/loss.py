"""The loss of the nets that are trained on clips without the phases' rebalancing."""

from collections.abc import Callable, Mapping

import numpy as np
import torch

from tailwise.core.batch import Batch, Outputs
from tailwise.core.heads import Head
from tailwise.data.video.store.clips import Clips
from tailwise.losses.classification import classification_loss
from tailwise.losses.head.boost import ClassBoost

Priors = Mapping[str, torch.Tensor]
"""{head: (C,) logarithms of the classes' shares in training}"""


def log_priors(heads: tuple[Head, ...], samples: Clips | None) -> Priors:
    """Even ones without samples."""
    found: dict[str, torch.Tensor] = {}
    for head in heads:
        ids = samples.labels(head.name) if samples else np.arange(len(head.classes))
        counts = np.bincount(ids[ids >= 0], minlength=len(head.classes)).clip(min=1)
        found[head.name] = torch.from_numpy(np.log(counts / counts.sum())).float()
    return found


def balanced_loss(priors: Priors) -> Callable[..., dict[str, torch.Tensor]]:
    """`Task.loss`: cross entropy, in training of logits to which the logarithms of the classes' shares are added.

    Source: balanced softmax, https://arxiv.org/abs/2007.10740, eq. 4
    """

    def loss(outputs: Outputs, batch: Batch, boost: Mapping[str, ClassBoost] | None) -> dict[str, torch.Tensor]:
        if boost is None:
            return classification_loss(outputs, batch, boost)
        shifted = {name: outputs[name] + prior.to(outputs[name].device) for name, prior in priors.items()}
        return classification_loss(outputs | shifted, batch, boost)

    return loss
