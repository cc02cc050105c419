"""The loss of a sequence tagger: its labels, what regularises its confidence, and its auxiliary outputs."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch

from tailwise.core.batch import Batch, Outputs
from tailwise.core.errors import UserError
from tailwise.core.heads import IGNORE
from tailwise.core.tensors import add_up
from tailwise.losses.confidence import confidence_penalty, uncertainty_penalty
from tailwise.losses.head.boost import ClassBoost, boosted_cross_entropy
from tailwise.losses.head.kinds import PLAIN
from tailwise.losses.sequence.crf import Chain, likelihood_loss, log_marginals, transitions_output
from tailwise.losses.sequence.positions import boundary_weights, mean_by_sequence
from tailwise.losses.sequence.upcoming import NEXT, UNTIL, upcoming_losses
from tailwise.losses.uncertainty import weigh_by_uncertainty

CONFIDENCE, UNCERTAINTY = "confidence", "uncertainty"
"""Names of the regularisers among the losses."""


@dataclass(frozen=True)
class SequenceLoss:
    """What training adds to the cross entropy of the labels; evaluation has the plain one.

    boundary_weight: of labels near a change of label, against 1 of the others; not for a CRF
    boundary_width: positions on each side of a change that are near it
    confidence_penalty: weight of the mean of `losses.confidence.confidence_penalty` over a sequence's labels
    uncertainty: weight of the mean of `losses.confidence.uncertainty_penalty` over a sequence's labels
    """

    boundary_weight: float = 1.0
    boundary_width: int = 1
    confidence_penalty: float = 0.0
    uncertainty: float = 0.0

    def __post_init__(self):
        if self.boundary_weight <= 0 or self.boundary_width < 1:
            raise ValueError("boundary_weight and boundary_width must be positive")
        if self.confidence_penalty < 0 or self.uncertainty < 0:
            raise ValueError("confidence_penalty and uncertainty must not be negative")

    @property
    def regularisers(self) -> tuple[str, ...]:
        """Names of the losses that have a weight here."""
        weights = {CONFIDENCE: self.confidence_penalty, UNCERTAINTY: self.uncertainty}
        return tuple(name for name, weight in weights.items() if weight)

    def check(self, crf: bool) -> None:
        """Raise UserError for an option that a CRF's loss, which is of whole sequences, cannot have."""
        if crf and self.boundary_weight != 1:
            raise UserError("loss.boundary_weight has no effect with model.crf: set it to 1, or crf to false")


def sequence_loss(
    options: SequenceLoss, outputs: Outputs, batch: Batch, boost: Mapping[str, ClassBoost] | None
) -> dict[str, torch.Tensor]:
    """The sums of `Task.loss`.

    {head: cross entropy, or of a CRF the negative log likelihood, over the labels; CONFIDENCE and UNCERTAINTY: in
    training, if they have a weight, over the sequences; NEXT, UNTIL: if the model has these outputs, over their labels}
    batch.inputs: "length" (B,), which only a CRF needs. Losses with a log variance among the outputs are weighed by it.
    """
    heads = [name for name in batch.targets if name in outputs and name not in (NEXT, UNTIL)]
    sums = {head: label_loss(options, head, outputs, batch, boost) for head in heads}
    if boost is not None:
        sums |= _regularisers(options, heads, outputs, batch)
    if NEXT in outputs:
        sums |= upcoming_losses(outputs, batch)
    return weigh_by_uncertainty(sums, outputs, batch)


def label_loss(
    options: SequenceLoss, head: str, outputs: Outputs, batch: Batch, boost: Mapping[str, ClassBoost] | None
) -> torch.Tensor:
    """A head's loss, summed over its labels."""
    of_head = boost.get(head) if boost else None
    if transitions_output(head) in outputs:
        options.check(crf=True)
        return _chain_loss(head, outputs, batch, of_head)
    if boost is None or options.boundary_weight == 1:
        parts = batch.labels(head)
    else:
        parts = [(ids, _near(options, ids, share)) for ids, share in batch.labels(head)]
    return add_up(boosted_cross_entropy(outputs[head], ids, of_head, share) for ids, share in parts)


def _near(options: SequenceLoss, ids: torch.Tensor, share: torch.Tensor | None) -> torch.Tensor:
    weights = boundary_weights(ids, options.boundary_weight, options.boundary_width)
    return weights if share is None else weights * share


def _chain_loss(head: str, outputs: Outputs, batch: Batch, boost: ClassBoost | None) -> torch.Tensor:
    """Negative log likelihood; a boost is a margin of the scores, or the mean weight of a sequence's labels."""
    if boost is not None and boost.loss != PLAIN:
        raise UserError(f"loss {{kind: {boost.loss.kind}}} has no effect with model.crf: use plain cross_entropy")
    chain, length = Chain.unpack(outputs[transitions_output(head)]), batch.inputs["length"]
    scores = outputs[head] if boost is None else outputs[head] + boost.margins()
    return add_up(
        (_mean_weight(ids, boost, share) * likelihood_loss(scores, chain, ids, length)).sum()
        for ids, share in batch.labels(head)
    )


def _mean_weight(ids: torch.Tensor, boost: ClassBoost | None, share: torch.Tensor | None) -> torch.Tensor:
    """(B,): the mean over a sequence's labels of what each counts."""
    each = torch.ones(ids.shape, device=ids.device) if boost is None else boost.weights()[ids.clamp(min=0)]
    return mean_by_sequence(each if share is None else each * share, ids != IGNORE)


def _regularisers(options: SequenceLoss, heads: list[str], outputs: Outputs, batch: Batch) -> dict[str, torch.Tensor]:
    """Those that have a weight: {name: weight times the mean over a sequence's labels, summed over the sequences}."""
    answers = [(_answers(head, outputs, batch), batch.targets[head]) for head in heads]
    kinds = (
        (CONFIDENCE, options.confidence_penalty, confidence_penalty),
        (UNCERTAINTY, options.uncertainty, uncertainty_penalty),
    )
    return {
        name: weight * add_up(mean_by_sequence(penalty(logits, ids), ids != IGNORE).sum() for logits, ids in answers)
        for name, weight, penalty in kinds
        if weight
    }


def _answers(head: str, outputs: Outputs, batch: Batch) -> torch.Tensor:
    """A head's logits; of a CRF the log marginals, as its logits are in evaluation."""
    packed = outputs.get(transitions_output(head))
    if packed is None:
        return outputs[head]
    return log_marginals(outputs[head], Chain.unpack(packed), batch.inputs["length"])
