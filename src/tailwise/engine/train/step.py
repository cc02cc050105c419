"""The gradient of one optimizer step, summed over micro-batches and processes."""

# torch does not list its _foreach functions.
# pyright: reportPrivateImportUsage=false

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar, cast

import numpy as np
import torch
from torch import nn

from tailwise.core.batch import Batch, Outputs
from tailwise.core.tensors import add_up
from tailwise.engine.batches.memory import catch_oom
from tailwise.engine.batches.order import seed_for
from tailwise.engine.distributed.world import World, flattened
from tailwise.engine.train.guards import Hits, StepNumbers
from tailwise.engine.train.teacher import denominator
from tailwise.engine.train.trainer import PhaseTrainer, StepBatches
from tailwise.losses.head.factors import count_hits
from tailwise.metrics.interventions import Fault

Result = TypeVar("Result")


class StepRejected(Exception):
    """Raised before the optimizer update to reject a step. numbers: None if memory ran out"""

    def __init__(self, fault: Fault, numbers: StepNumbers | None = None):
        super().__init__(fault)
        self.fault: Fault = fault
        self.numbers = numbers


def or_reject(world: World, work: Callable[[], Result]) -> Result:
    """The result of the work; StepRejected in all processes if memory ran out in one."""
    result = catch_oom(work)
    if world.any(result is None):
        raise StepRejected("out of memory")
    return cast(Result, result)


@dataclass(frozen=True)
class PreparedStep:
    """This process's micro-batches on the device, and the denominators of the losses over the full step.

    counts: a head's name counts its labels, "" counts samples
    """

    batches: list[Batch]
    counts: Counter[str]


def prepare_step(trainer: PhaseTrainer, batches: StepBatches) -> PreparedStep:
    """Move the micro-batches to the device and augment them."""
    ready = catch_oom(lambda: [_prepare(trainer, *each) for each in zip(*batches)])
    shares = trainer.run.world.gather(None if ready is None else _counts(ready))
    if ready is None or None in shares:
        raise StepRejected("out of memory")
    return PreparedStep(ready, sum(shares, Counter()))


def _prepare(trainer: PhaseTrainer, batch: Batch, repeats: list[int]) -> Batch:
    """Keys of the samples; a repeated sample gets another key, so that it is augmented differently."""
    index = batch.index.numpy() + len(trainer.task.samples) * np.array(repeats)
    return trainer.prepare(batch, index)


def _counts(batches: list[Batch]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for batch in batches:
        counts.update({name: batch.count(name) for name in ("", *batch.targets)})
    return counts


def forward_backward(trainer: PhaseTrainer, step: PreparedStep) -> tuple[torch.Tensor, Hits]:
    """Accumulate the gradients of this process's micro-batches; returns its part of the loss, () float64, and hits."""
    return or_reject(trainer.run.world, lambda: _forward_backward(trainer, step))


def _forward_backward(trainer: PhaseTrainer, step: PreparedStep) -> tuple[torch.Tensor, Hits]:
    run, task, state = trainer.run, trainer.task, trainer.state
    hits: dict[str, list[torch.Tensor]] = {}
    total = torch.zeros((), dtype=torch.float64, device=run.device)
    rank = (run.world.rank,) if run.world.rank else ()
    for number, batch in enumerate(step.batches):
        epoch = trainer.seed_epoch(state.epoch)
        seed_device(run.device, seed_for(run.training.seed, trainer.seeds, epoch, state.step, number, *rank))
        with run.autocast():
            outputs = task.model(**batch.inputs)
            sums = task.loss(outputs, batch, trainer.boost)
        loss = _loss(trainer, step.counts, (batch, outputs, sums))
        loss.backward()
        total = total + loss.detach()
        for head, found in count_hits(trainer.boost, outputs, batch).items():
            hits.setdefault(head, []).append(found)
    return total, {head: add_up(found).tolist() for head, found in hits.items()}


def _loss(
    trainer: PhaseTrainer, counts: Counter[str], found: tuple[Batch, Outputs, dict[str, torch.Tensor]]
) -> torch.Tensor:
    """A micro-batch's part of the loss, (): of each sum its weight times it, by its number over the full step.

    found: the micro-batch, the model's outputs and the sums of `Task.loss`
    """
    (batch, outputs, sums), task, teacher = found, trainer.task, trainer.teacher
    taught = teacher.sums(task, outputs, batch) if teacher else {}
    weights = {name: task.loss_weight(name, trainer.phase.loss_weights) for name in (*sums, *taught)}
    own = {name: weights[name] * (teacher.own_share(name, taught) if teacher else 1.0) for name in sums}
    terms = [(own[name], sums[name], name if name in batch.targets else "") for name in sums]
    terms += [(weights[name], total, denominator(name, outputs)) for name, total in taught.items()]
    return add_up(weight * total / max(counts[of], 1) for weight, total, of in terms if weight)


def seed_device(device: torch.device, seed: int) -> None:
    """`torch.manual_seed`, for this device's generator only.

    Seeding an uninitialized GPU formats a stack trace on every call.
    """
    if device.type == "cpu":
        torch.default_generator.manual_seed(seed)
    else:
        torch.manual_seed(seed)


def sum_over_processes(trainer: PhaseTrainer, loss: torch.Tensor) -> torch.Tensor:
    """Sum the loss and, in place, the gradients over all processes."""
    world = trainer.run.world
    if world.size == 1:
        return loss
    parameters = world.with_gradients(list(trainer.trainable.values()))
    return world.sum_gradients(or_reject(world, lambda: flattened(parameters)), loss)


def measure_gradients(
    trainable: dict[str, nn.Parameter], loss: torch.Tensor, hits: Hits
) -> tuple[StepNumbers, torch.Tensor]:
    """The numbers that the guards check, and the global gradient norm, (), for clipping."""
    gradients = {name: p.grad for name, p in trainable.items() if p.grad is not None}
    norms = torch.stack(torch._foreach_norm([*gradients.values()]))
    norm = torch.linalg.vector_norm(norms)
    values = torch.cat([torch.stack([loss.to(norms.dtype), norm]), norms]).tolist()  # a single device synchronization
    return StepNumbers(values[0], values[1], dict(zip(gradients, values[2:])), hits=hits), norm
