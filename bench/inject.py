"""Faults put into a run from outside, by way of all that the engine sees of it: its Task and its Phase."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import cast

import torch

from tailwise.core.batch import Batch
from tailwise.engine.contract.phase import Phase
from tailwise.engine.contract.task import Task
from tailwise.engine.train.step import StepRejected
from tailwise.optim.adamw import AdamW
from tailwise.optim.cosine import Cosine

FIRST_EPOCH, STEP = 4, 20
"""Where a fault begins, from 1; one that comes again does so in the middle of the phase."""
RATE = 100.0
HUGE = 1e30


@dataclass
class Tape:
    """What the steps of a run did. number: of the step that is taken, from 0

    losses: (number, loss) of each attempt; None where it came to no loss
    """

    number: int = -1
    losses: list[tuple[int, float | None]] = field(default_factory=list)


@dataclass(frozen=True)
class Heard:
    """A schedule that tells the tape which step is taken, and from step `start` on is so many times too high."""

    inner: Cosine
    tape: Tape
    start: int = 0
    times: float = 1.0

    def factor(self, step: int, steps: int, scores: Sequence[float] = ()) -> float:
        self.tape.number = step
        return self.inner.factor(step, steps, scores) * (self.times if step >= self.start else 1.0)


@dataclass(frozen=True)
class Recorded:
    """An optimizer whose losses are told to the tape."""

    inner: AdamW
    tape: Tape

    def build(self, groups: list[dict], lr: float) -> torch.optim.Optimizer:
        optimizer = self.inner.build(groups, lr)
        step = cast(Callable[[Callable[[], torch.Tensor]], torch.Tensor], optimizer.step)

        def recorded(closure: Callable[[], torch.Tensor]) -> torch.Tensor:
            loss = None
            try:
                loss = float(total := step(closure))
                return total
            except StepRejected as stopped:
                loss = stopped.numbers and stopped.numbers.loss
                raise
            finally:
                self.tape.losses.append((self.tape.number, loss))

        optimizer.step = recorded  # pyright: ignore[reportAttributeAccessIssue] -- torch types it twice
        return optimizer


Put = Callable[[Task, Phase, Tape, int], tuple[Task, Phase]]
"""(task, phase, tape, steps of an epoch) to the same with the fault in it."""


def moments(phase: Phase, steps: int) -> tuple[int, int]:
    """The numbers of the two steps that faults are put into."""
    return (FIRST_EPOCH - 1) * steps + STEP - 1, phase.epochs // 2 * steps + STEP - 1


def spoiling(task: Task, tape: Tape, at: set[int], spoil: Callable[[Batch], Batch]) -> Task:
    """The task whose batches of some steps are spoilt once they are prepared."""

    def prepare(batch, strength, keys):
        ready = task.prepare(batch, strength, keys)
        return spoil(ready) if tape.number in at else ready

    return replace(task, prepare=prepare)


def huge(batch: Batch) -> Batch:
    """Noise of a magnitude that no sum of squares holds."""
    noise = torch.randn(batch.inputs["clips"].shape, generator=torch.Generator().manual_seed(0))
    return replace(batch, inputs={**batch.inputs, "clips": HUGE * noise})


def nonsense(batch: Batch) -> Batch:
    """Pixels of noise, and every label the next class."""
    noise = torch.rand(batch.inputs["clips"].shape, generator=torch.Generator().manual_seed(0))
    targets = {name: (ids + 1) % (int(ids.max()) + 1) for name, ids in batch.targets.items()}
    return replace(batch, inputs={**batch.inputs, "clips": 255 * noise}, targets=targets)


def none(task: Task, phase: Phase, tape: Tape, steps: int) -> tuple[Task, Phase]:
    return task, phase


def poisoned(task: Task, phase: Phase, tape: Tape, steps: int) -> tuple[Task, Phase]:
    return spoiling(task, tape, set(moments(phase, steps)), huge), phase


def mislabelled(task: Task, phase: Phase, tape: Tape, steps: int) -> tuple[Task, Phase]:
    return spoiling(task, tape, set(moments(phase, steps)), nonsense), phase


def too_fast(task: Task, phase: Phase, tape: Tape, steps: int) -> tuple[Task, Phase]:
    return task, replace(phase, schedule=replace(phase.schedule, start=moments(phase, steps)[0], times=RATE))


def infinite(task: Task, phase: Phase, tape: Tape, steps: int) -> tuple[Task, Phase]:
    """One gradient, of the first weight: three steps on end, and once more later."""
    first, second = moments(phase, steps)
    at = {first, first + 1, first + 2, second}
    weight = next(task.model.parameters())
    weight.register_hook(lambda gradient: gradient * torch.inf if tape.number in at else gradient)
    return task, phase


@dataclass(frozen=True)
class Fault:
    """times: that it begins, at the first of the `moments` or at both"""

    put: Put
    times: int


FAULTS = {
    "none": Fault(none, 0),
    "poisoned batch": Fault(poisoned, 2),
    "batch of nonsense": Fault(mislabelled, 2),
    "rate x 100": Fault(too_fast, 1),
    "infinite gradient": Fault(infinite, 2),
    "out of memory": Fault(none, 0),
}
UNDISTURBED, SHORT_OF_MEMORY = "none", "out of memory"
