"""What a phase learns from a teacher in a step: sums beside those of `Task.loss`, see `losses.head.distil`."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import torch

from tailwise.core.batch import Batch, Outputs
from tailwise.core.errors import UserError
from tailwise.core.heads import IGNORE
from tailwise.core.tensors import add_up
from tailwise.engine.contract.task import PartLogits, Task
from tailwise.engine.evaluate.teacher import Answers
from tailwise.losses.head.distil import Distil, softened_divergence


@dataclass(frozen=True)
class Teacher:
    """how: much is learned; answers: to the training samples"""

    how: Distil
    answers: Answers

    def own_share(self, name: str, taught: Iterable[str]) -> float:
        """What a loss of the task counts: 1 - weight for those that the teacher teaches, too."""
        return 1 - self.how.weight if name in taught else 1.0

    def sums(self, task: Task, outputs: Outputs, batch: Batch) -> dict[str, torch.Tensor]:
        """{loss: sum over the samples, or over the labels of a sequence, of weight T^2 KL}, for each head and each loss
        of `task.parts`, where the sum is over their heads; {} at a weight of 0.

        All samples count, also without a label. Of mixed samples the partners' answers count as their labels do.
        """
        if not self.how.weight:
            return {}
        sums: dict[str, list[torch.Tensor]] = {}
        for part in _parts(task, outputs, batch):
            sums.setdefault(part.loss, []).append(self.how.weight * self._sum(part, batch))
        return {name: add_up(of_loss) for name, of_loss in sums.items()}

    def _sum(self, part: PartLogits, batch: Batch) -> torch.Tensor:
        """The sum over the parts, without boosts: of the logits as they are."""
        return add_up(
            self._weighted(part, batch, partner.to(part.sample.device)[part.sample], share)
            for partner, share in _partners(batch)
        )

    def _weighted(self, part: PartLogits, batch: Batch, own: torch.Tensor, share: torch.Tensor | None) -> torch.Tensor:
        """own: (N,) place in the batch of the sample whose answers are learned; share: (B,) of the sample's loss"""
        positions = part.logits.shape[1] if part.logits.ndim > 2 else None
        rows = self.answers[part.head].of(batch.index[own.cpu()], positions).to(part.logits.device)
        each = softened_divergence(part.logits, rows, self.how.temperature_of(part.head))
        if positions is not None:
            each = (each * (batch.targets[part.head][own] != IGNORE)).sum(dim=1)
        for factor in (part.share, None if share is None else share[part.sample]):
            each = each if factor is None else each * factor
        return each.sum()


def teacher_of(how: Distil | None, answers: Answers | None) -> Teacher | None:
    """The teacher of a phase with `distil`; None of one without. Raises UserError for one without answers."""
    if how is None:
        return None
    if answers is None:
        raise UserError("distil needs a teacher's answers: --teacher FOLDER in the cmd of this stage, or null")
    return Teacher(how, answers)


def _parts(task: Task, outputs: Outputs, batch: Batch) -> Iterator[PartLogits]:
    """The heads' logits, then those of parts of the samples."""
    for head in task.heads:
        if head.name not in outputs:
            raise UserError(f"distil: the model gives no logits of head {head.name} in training")
        logits = outputs[head.name]
        yield PartLogits(head.name, head.name, logits, torch.arange(len(batch), device=logits.device))
    if task.parts:
        yield from task.parts(outputs, batch)


def _partners(batch: Batch) -> list[tuple[torch.Tensor, torch.Tensor | None]]:
    """[(place of the sample whose answers are learned (B,), their share of the loss (B,), None for 1)]"""
    own = torch.arange(len(batch))
    if batch.mix is None:
        return [(own, None)]
    share = torch.as_tensor(batch.mix.share, dtype=torch.float32, device=batch.mix.partner.device).expand(len(batch))
    return [(own, share), (batch.mix.partner, 1 - share)]


def denominator(loss: str, outputs: Outputs) -> str:
    """The name of what a sum is divided by: "" for the samples, of a head of sequences the head's, for its labels."""
    return loss if loss in outputs and outputs[loss].ndim > 2 else ""
