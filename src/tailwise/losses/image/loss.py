"""The loss of a classifier of pictures: its labels, its uncertainty, and the shares that it predicts."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import torch

from tailwise.core.batch import Batch, Outputs
from tailwise.core.errors import UserError
from tailwise.core.tensors import add_up
from tailwise.losses.head.boost import ClassBoost, boosted_cross_entropy
from tailwise.losses.image.aleatoric import UNCERTAINTY, aleatoric_loss
from tailwise.losses.image.members import of_members
from tailwise.losses.image.prior import prior_divergence

PRIOR = "prior"
"""Name of the prior term among the losses."""
Priors = Mapping[str, torch.Tensor]
"""{head: (C,) shares of its classes, 1 in sum}"""


@dataclass(frozen=True)
class ImageLoss:
    """What training adds to the loss of the labels; evaluation has plain cross entropy alone.

    uncertainty: weight of `losses.image.aleatoric.aleatoric_loss`, by which the model's log variance is learned
    prior: weight of `losses.image.prior.prior_divergence` of a micro-batch
    shares: of that prior: even, or those of the training labels
    """

    uncertainty: float = 0.0
    prior: float = 0.0
    shares: Literal["even", "training"] = "even"

    def __post_init__(self):
        if self.uncertainty < 0 or self.prior < 0:
            raise ValueError("uncertainty and prior must not be negative")

    @property
    def regularisers(self) -> tuple[str, ...]:
        """Names of the losses that have a weight here."""
        weights = {UNCERTAINTY: self.uncertainty, PRIOR: self.prior}
        return tuple(name for name, weight in weights.items() if weight)

    def check(self, uncertainty: bool) -> None:
        """Raise UserError for an uncertainty that nothing would train, or a weight of one that the model lacks."""
        if uncertainty and not self.uncertainty:
            raise UserError("model.uncertainty would not be trained: set loss.uncertainty above 0, or it to false")
        if self.uncertainty and not uncertainty:
            raise UserError("loss.uncertainty has no effect: the model predicts none, set it to 0")


def image_loss(
    options: ImageLoss, priors: Priors, outputs: Outputs, batch: Batch, boost: Mapping[str, ClassBoost] | None
) -> dict[str, torch.Tensor]:
    """The sums of `Task.loss`.

    {head: the loss over the labels; in training also UNCERTAINTY and PRIOR, if they have a weight, over the samples}
    Members of an ensemble have losses of their own in training, whose mean is taken.
    """
    heads = [name for name in batch.targets if name in outputs]
    sums = {head: label_loss(head, outputs, batch, boost) for head in heads}
    if boost is None:
        return sums
    if options.uncertainty:
        terms = add_up(uncertainty_term(head, outputs, batch, boost.get(head)) for head in heads)
        sums[UNCERTAINTY] = options.uncertainty * terms
    if options.prior:
        terms = add_up(prior_term(priors[head].to(outputs[head].device), head, outputs) for head in heads)
        sums[PRIOR] = options.prior * len(batch) * terms
    return sums


def label_loss(head: str, outputs: Outputs, batch: Batch, boost: Mapping[str, ClassBoost] | None) -> torch.Tensor:
    """A head's loss, summed over its labels."""
    names, of_head = of_members(head, outputs), boost.get(head) if boost else None
    parts = [
        boosted_cross_entropy(outputs[name], ids, of_head, share) for name in names for ids, share in batch.labels(head)
    ]
    return add_up(parts) / len(names)


def uncertainty_term(head: str, outputs: Outputs, batch: Batch, boost: ClassBoost | None) -> torch.Tensor:
    """The aleatoric loss of a head, summed over its labels; margins of a boost move the logits here, too."""
    names, margins = of_members(head, outputs), 0 if boost is None else boost.margins()
    variances = [outputs[name] for name in of_members(UNCERTAINTY, outputs)]
    parts = [
        aleatoric_loss(outputs[name] + margins, log_variance, ids, share)
        for name, log_variance in zip(names, variances)
        for ids, share in batch.labels(head)
    ]
    return add_up(parts) / len(names)


def prior_term(prior: torch.Tensor, head: str, outputs: Outputs) -> torch.Tensor:
    """The divergence of a head's shares, the mean over the members."""
    names = of_members(head, outputs)
    return add_up(prior_divergence(outputs[name], prior) for name in names) / len(names)
