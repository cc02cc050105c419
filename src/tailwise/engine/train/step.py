"""One optimizer step: all of it, or nothing.

for each micro-batch: prepare, forward, loss / count of the whole step, backward
sum the gradients over the processes, look at the numbers, clip
only then the optimizer moves
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from tailwise.core.batch import Batch
from tailwise.engine.batches.memory import catch_oom, free, out_of_memory
from tailwise.engine.batches.order import augment_keys, seed_for
from tailwise.engine.contract.phase import Phase
from tailwise.engine.contract.run import Run
from tailwise.engine.contract.task import Task
from tailwise.engine.distributed.world import flattened
from tailwise.engine.train.guards import Fault, StepNumbers
from tailwise.engine.train.undo import StepBackup
from tailwise.losses.boost import ClassBoost

Guard = Callable[[StepNumbers], Fault | None]
StepBatches = tuple[list[Batch], list[list[int]]]
"""A step's micro-batches, and of each sample how often it came before in the epoch."""


class StepRejected(Exception):
    """Raised by the closure: the optimizer must not move. numbers: None if they never came to be"""

    def __init__(self, fault: Fault, numbers: StepNumbers | None = None):
        super().__init__(fault)
        self.fault, self.numbers = fault, numbers


@dataclass(frozen=True)
class StepRunner:
    """What every step of a phase works with. moving: the parameters that are trained, by name"""

    task: Task
    phase: Phase
    run: Run
    boost: dict[str, ClassBoost]
    moving: dict[str, nn.Parameter]
    optimizer: torch.optim.Optimizer
    undo: StepBackup

    def take(self, place: tuple[int, int], drawn: StepBatches, lr: float, guard: Guard) -> StepNumbers:
        """Take the step; raises Stopped if the judge or the memory stands against it. Then nothing has moved.

        place: epoch and step, from 0. The numbers are those of the optimizer's first evaluation.
        """
        for group in self.optimizer.param_groups:
            group["lr"] = lr * group["rate"]
        self.undo.keep()
        try:
            return self._optimize(StepClosure(self, place, drawn, guard))
        except BaseException:
            self.undo.restore()
            raise

    def _optimize(self, evaluation: "StepClosure") -> StepNumbers:
        short = False
        try:
            self.optimizer.step(evaluation)
        except (RuntimeError, MemoryError) as error:
            if not (short := out_of_memory(error)):
                raise
        if short:
            free()
        if self.run.world.any(short):
            raise StepRejected("out of memory")
        return evaluation.found[0]


def begin_random(device: torch.device, seed: int) -> None:
    """`torch.manual_seed` for what this device draws.

    Without the others a step of the processor does not ask for a stack trace, which is kept for a GPU to come.
    """
    if device.type == "cpu":
        torch.default_generator.manual_seed(seed)
    else:
        torch.manual_seed(seed)


class StepClosure:
    """The optimizer's closure, called once a step or more: sets gradients, judges them, returns the loss."""

    def __init__(self, stepper: StepRunner, place: tuple[int, int], drawn: StepBatches, guard: Guard):
        self.on, self.place, self.drawn, self.guard = stepper, place, drawn, guard
        self.ready: list[Batch] | None = None
        self.found: list[StepNumbers] = []

    def __call__(self) -> torch.Tensor:
        self.on.optimizer.zero_grad()
        if self.ready is None:
            self.ready = catch_oom(lambda: [self._prepare(*each) for each in zip(*self.drawn)])
        counts = self._counts()
        total = catch_oom(lambda: self._backward(counts))
        if self.on.run.world.any(total is None):
            raise StepRejected("out of memory")
        total = self._summed(total)
        self._look(total)
        return total

    def _prepare(self, batch: Batch, repeats: list[int]) -> Batch:
        """A sample that is drawn again in an epoch is augmented by other keys."""
        on, index = self.on, batch.index.numpy() + len(self.on.task.train) * np.array(repeats)
        keys = augment_keys(on.run.training.seed, on.run.name, self.place[0], index)
        return on.task.prepare(batch.to(on.run.device), on.phase.augment, keys)

    def _counts(self) -> Counter[str]:
        """What each loss is a mean over, in the whole step: "" counts samples, a head's name its labels."""
        mine = None if self.ready is None else Counter()
        for batch in self.ready or ():
            mine.update({name: batch.count(name) for name in ("", *batch.targets)})
        shares = self.on.run.world.gather(mine)
        if None in shares:
            raise StepRejected("out of memory")
        return sum(shares, Counter())

    def _backward(self, counts: Counter[str]) -> torch.Tensor:
        """Gradients of this process's share; returns its part of the loss."""
        run, total = self.on.run, torch.zeros((), dtype=torch.float64, device=self.on.run.device)
        for number, batch in enumerate(self.ready):
            rank = (run.world.rank,) if run.world.rank else ()
            begin_random(run.device, seed_for(run.training.seed, run.name, *self.place, number, *rank))
            with run.autocast():
                sums = self.on.task.loss(self.on.task.model(**batch.inputs), batch, self.on.boost)
            names = {name: name if name in batch.targets else "" for name in sums}
            loss = sum(value / max(counts[names[name]], 1) for name, value in sums.items())
            loss.backward()
            total = total + loss.detach()
        return total

    def _summed(self, loss: torch.Tensor) -> torch.Tensor:
        """The loss and, in place, the gradients over all processes."""
        world = self.on.run.world
        if world.size == 1:
            return loss
        parameters = world.with_gradients(list(self.on.moving.values()))
        flats = catch_oom(lambda: flattened(parameters))
        if world.any(flats is None):
            raise StepRejected("out of memory")
        return world.sum_gradients(flats, loss)

    def _look(self, loss: torch.Tensor) -> None:
        """Clip, if the judge has nothing against it."""
        graded = {name: p for name, p in self.on.moving.items() if p.grad is not None}
        norms = torch.stack(torch._foreach_norm([p.grad for p in graded.values()]))
        norm = torch.linalg.vector_norm(norms)
        values = torch.cat([torch.stack([loss.to(norms.dtype), norm]), norms]).tolist()  # waits for the device once
        self.found.append(StepNumbers(values[0], values[1], dict(zip(graded, values[2:]))))
        if fault := self.guard(self.found[-1]):
            raise StepRejected(fault, self.found[-1])
        nn.utils.clip_grads_with_norm_(graded.values(), self.on.phase.clip, norm)
