"""The loss of fouls: of what the heads predict from all views, and of what they predict from each view alone."""

from collections.abc import Mapping

import torch

from tailwise.core.batch import Batch, Outputs
from tailwise.core.tensors import add_up
from tailwise.engine.contract.task import PartLogits
from tailwise.losses.classification import classification_loss
from tailwise.losses.head.boost import ClassBoost, boosted_cross_entropy
from tailwise.losses.uncertainty import weigh_by_uncertainty
from tailwise.models.video.multiview import view_output

PER_VIEW = "per_view"


def foul_loss(outputs: Outputs, batch: Batch, boost: Mapping[str, ClassBoost] | None) -> dict[str, torch.Tensor]:
    """{head: sum over the fouls}; in training also PER_VIEW: the sum over the fouls of the mean over their views.

    Auxiliary heads have no loss of single views. Losses with a log variance among the outputs are weighed by it.
    """
    sums = classification_loss(outputs, batch, boost)
    if of_views := [head for head in sums if view_output(head) in outputs]:
        sums[PER_VIEW] = torch.stack([per_view(outputs, batch, head, boost) for head in of_views]).sum()
    return weigh_by_uncertainty(sums, outputs, batch)


def of_views(batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
    """(place in the batch of each view's foul, (N,); share of a view among those of its foul, (B,))"""
    mask = batch.inputs["mask"]
    return mask.nonzero()[:, 0], 1 / mask.sum(dim=1)


def view_logits(outputs: Outputs, batch: Batch) -> list[PartLogits]:
    """`Task.parts`: the logits of each view alone, of which a teacher teaches its answer to the whole foul."""
    foul, each = of_views(batch)
    alone = {head: outputs[view_output(head)] for head in batch.targets if view_output(head) in outputs}
    return [PartLogits(PER_VIEW, head, logits, foul, each[foul]) for head, logits in alone.items()]


def per_view(outputs: Outputs, batch: Batch, head: str, boost: Mapping[str, ClassBoost] | None) -> torch.Tensor:
    """A head's loss on each view alone, with its foul's label: the mean over the views, summed over the fouls."""
    foul, each = of_views(batch)
    of_head = boost.get(head) if boost else None
    return add_up(
        boosted_cross_entropy(
            outputs[view_output(head)], ids[foul], of_head, (each if share is None else each * share)[foul]
        )
        for ids, share in batch.labels(head)
    )
