"""What a phase holds while it trains: its task, optimizer and state, and the weights it may return to."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from tailwise.core.batch import Batch
from tailwise.engine.batches.loading import load_steps
from tailwise.engine.batches.order import epoch_order, plan_steps, repeat_numbers
from tailwise.engine.checkpoint.snapshot import Tensors, snapshot
from tailwise.engine.contract.phase import Phase, adapt_phase, rate_groups, set_trainable, shapes
from tailwise.engine.contract.record import EpochRecord
from tailwise.engine.contract.run import Run
from tailwise.engine.contract.task import Task
from tailwise.engine.monitor.clock import SaveTimer
from tailwise.engine.train.backup import StepBackup
from tailwise.engine.train.effect import check_effect
from tailwise.engine.train.state import TrainState
from tailwise.losses.boost import ClassBoost

StepBatches = tuple[list[Batch], list[list[int]]]
"""This process's micro-batches of a step, and per sample how often it came before in the epoch."""


@dataclass(frozen=True)
class PhaseResult:
    """weights: of the best epoch, by name; history: one record an epoch; best: its epoch, from 1

    spec: of the model that the weights belong to, the task's own unless a fallback became better
    fallback: how many fallbacks there had been by the best epoch
    micro_batch: samples computed at once in the end
    """

    weights: Tensors
    history: list[EpochRecord]
    best: int
    spec: dict
    fallback: int
    micro_batch: int


class PhaseTrainer:
    """What the functions of the loop share.

    best: weights of the best epoch so far; good: weights and optimizer state that a rollback restores; both on the CPU
    known: shapes of the parameters that all models so far had; specs: of these models, each a fallback of the last
    trainable: the parameters that are trained, by name
    """

    def __init__(self, task: Task, phase: Phase, samples: list[int], boost: dict[str, ClassBoost], run: Run):
        self.phase, self.samples, self.run = phase, samples, run
        self.boost = {head: of_head.to(run.device) for head, of_head in boost.items()}
        self.state, self.timer = TrainState(run.training.micro_batch), SaveTimer(run.save_every)
        self.best: Tensors = {}
        self.known, self.specs = shapes(task.model), []
        self.build(task)

    def build(self, task: Task) -> None:
        """Build all that the phase governs around this task's model; a UserError leaves the trainer as it was."""
        model = task.model.to(self.run.device)
        phase = adapt_phase(self.phase, model, self.known) if self.specs else self.phase
        parameters = set_trainable(model, phase.trainable)
        optimizer = phase.optimizer.build(rate_groups(model, phase.rates), phase.lr)
        check_effect(task, self.boost, parameters, self.samples[:1], self.run)
        self.task, self.optimizer = task, optimizer
        self.trainable = {name: p for name, p in model.named_parameters() if p.requires_grad}
        self.backup = StepBackup(model, parameters, optimizer)
        self.good = self.snapshot()
        self.specs.append(task.spec)
        self.known = dict(self.known.items() & shapes(model).items())
        self.reload()

    def snapshot(self) -> Tensors:
        """Copies of weights and optimizer state."""
        return snapshot(self.task.model, self.optimizer)

    @property
    def steps(self) -> int:
        """Optimizer steps an epoch."""
        return math.ceil(len(self.samples) / self.run.training.batch_size)

    @property
    def finished(self) -> bool:
        return self.state.epoch == self.phase.epochs

    @property
    def number(self) -> int:
        """The current step's number in the phase, from 0."""
        return self.state.epoch * self.steps + self.state.step

    def lr(self, step: int) -> float:
        """Learning rate at a step of this epoch, from 0."""
        number, steps = self.state.epoch * self.steps + step, self.phase.epochs * self.steps
        return self.phase.lr * self.phase.schedule.factor(number, steps) * self.state.rate

    def set_lr(self) -> None:
        """Set the current step's learning rate in every parameter group."""
        lr = self.lr(self.state.step)
        for group in self.optimizer.param_groups:
            group["lr"] = lr * group["rate"]

    def next_batches(self) -> StepBatches:
        """The current step's batches."""
        self._batches = self._batches or self._load()
        return next(self._batches)

    def reload(self) -> None:
        """Load anew from the current step on: the micro-batch has changed, or the model."""
        self._batches: Iterator[StepBatches] | None = None

    def _load(self) -> Iterator[StepBatches]:
        """This process's batches of every step that remains in the phase."""
        run, state = self.run, self.state
        orders = [
            epoch_order(self.samples, run.training.seed, run.name, epoch)
            for epoch in range(state.epoch, self.phase.epochs)
        ]
        repeats = [repeat_numbers(order) for order in orders]
        plan = partial(plan_steps, run.training.batch_size, state.micro_batch, run.world.share, state.step)
        return zip(load_steps(self.task.train, plan(orders), run.workers, run.events), plan(repeats))

    def result(self) -> PhaseResult:
        state = self.state
        spec = self.specs[state.best_fallback]
        return PhaseResult(self.best, state.history, state.best_epoch, spec, state.best_fallback, state.micro_batch)

    @property
    def position(self) -> str:
        """Phase, epoch and step, for messages."""
        return f"{self.run.name} epoch {self.state.epoch + 1} step {self.state.step + 1}"

    def log(self, event: str, text: str, **facts) -> None:
        """Log an event, in the first process alone."""
        if self.run.world.rank == 0:
            position = {"epoch": self.state.epoch + 1, "step": self.state.step + 1}
            self.run.events.log(event, text, **position, **facts)
