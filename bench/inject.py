"""Fault injection from outside the engine, by wrapping its Task and Phase."""

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
"""Epoch and step of the first injection, from 1; a second one follows in the middle of the phase."""
RATE = 100.0
HUGE = 1e30


@dataclass
class Recorder:
    """Record of a run's steps. step: current step, from 0

    losses: (step, loss) of each attempt; None if it produced no loss
    """

    step: int = -1
    losses: list[tuple[int, float | None]] = field(default_factory=list)


@dataclass(frozen=True)
class FaultySchedule:
    """A schedule that records the current step, and multiplies the rate by `times` from step `start` on."""

    inner: Cosine
    recorder: Recorder
    start: int = 0
    times: float = 1.0

    def factor(self, step: int, steps: int, scores: Sequence[float] = ()) -> float:
        self.recorder.step = step
        return self.inner.factor(step, steps, scores) * (self.times if step >= self.start else 1.0)


@dataclass(frozen=True)
class RecordingOptimizer:
    """An optimizer that records the loss of each attempt."""

    inner: AdamW
    recorder: Recorder

    @property
    def kind(self) -> str:
        return self.inner.kind

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
                self.recorder.losses.append((self.recorder.step, loss))

        optimizer.step = recorded  # pyright: ignore[reportAttributeAccessIssue] -- torch types it twice
        return optimizer


Inject = Callable[[Task, Phase, Recorder, int], tuple[Task, Phase]]
"""(task, phase, recorder, steps per epoch) to the task and phase with the fault."""


def injection_steps(phase: Phase, steps: int) -> tuple[int, int]:
    """The two steps with injected faults."""
    return (FIRST_EPOCH - 1) * steps + STEP - 1, phase.epochs // 2 * steps + STEP - 1


def corrupted(task: Task, recorder: Recorder, at: set[int], corrupt: Callable[[Batch], Batch]) -> Task:
    """The task with the prepared batches of some steps corrupted."""

    def prepare(batch, strength, keys):
        ready = task.prepare(batch, strength, keys)
        return corrupt(ready) if recorder.step in at else ready

    return replace(task, prepare=prepare)


def huge(batch: Batch) -> Batch:
    """Noise large enough to overflow a sum of squares."""
    noise = torch.randn(batch.inputs["clips"].shape, generator=torch.Generator().manual_seed(0))
    return replace(batch, inputs={**batch.inputs, "clips": HUGE * noise})


def wrong_labels(batch: Batch) -> Batch:
    """Noise as pixels, and every label shifted to the next class."""
    noise = torch.rand(batch.inputs["clips"].shape, generator=torch.Generator().manual_seed(0))
    targets = {name: (ids + 1) % (int(ids.max()) + 1) for name, ids in batch.targets.items()}
    return replace(batch, inputs={**batch.inputs, "clips": 255 * noise}, targets=targets)


def none(task: Task, phase: Phase, recorder: Recorder, steps: int) -> tuple[Task, Phase]:
    return task, phase


def poisoned(task: Task, phase: Phase, recorder: Recorder, steps: int) -> tuple[Task, Phase]:
    return corrupted(task, recorder, set(injection_steps(phase, steps)), huge), phase


def mislabelled(task: Task, phase: Phase, recorder: Recorder, steps: int) -> tuple[Task, Phase]:
    return corrupted(task, recorder, set(injection_steps(phase, steps)), wrong_labels), phase


def high_rate(task: Task, phase: Phase, recorder: Recorder, steps: int) -> tuple[Task, Phase]:
    return task, replace(phase, schedule=replace(phase.schedule, start=injection_steps(phase, steps)[0], times=RATE))


def infinite(task: Task, phase: Phase, recorder: Recorder, steps: int) -> tuple[Task, Phase]:
    """An infinite gradient of the first weight, in three consecutive steps and once more later."""
    first, second = injection_steps(phase, steps)
    at = {first, first + 1, first + 2, second}
    weight = next(task.model.parameters())
    weight.register_hook(lambda gradient: gradient * torch.inf if recorder.step in at else gradient)
    return task, phase


@dataclass(frozen=True)
class Fault:
    """times: number of injections, at the first or at both `injection_steps`"""

    inject: Inject
    times: int


FAULTS = {
    "none": Fault(none, 0),
    "poisoned batch": Fault(poisoned, 2),
    "batch of nonsense": Fault(mislabelled, 2),
    "rate x 100": Fault(high_rate, 1),
    "infinite gradient": Fault(infinite, 2),
    "out of memory": Fault(none, 0),
}
UNDISTURBED, SHORT_OF_MEMORY = "none", "out of memory"
