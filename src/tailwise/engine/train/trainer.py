"""The objects of a phase during training: task, optimizer, state, and weights to restore."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import asdict, replace
from functools import partial

import numpy as np

from tailwise.core.batch import Batch
from tailwise.engine.batches.buckets import training_order
from tailwise.engine.batches.loading import load_batches, load_steps
from tailwise.engine.batches.memory import catch_oom_in_all
from tailwise.engine.batches.order import augment_keys, chunks, plan_steps, repeat_numbers
from tailwise.engine.checkpoint.backup import StepBackup
from tailwise.engine.checkpoint.hand_over import HandOver, named_state, restore_hand_over
from tailwise.engine.checkpoint.snapshot import Tensors, copied, part, restore, snapshot
from tailwise.engine.contract.options import SamplesOf, samples_by_epoch
from tailwise.engine.contract.phase import Phase, adapt_phase, check_phase, rate_groups, set_trainable, shapes
from tailwise.engine.contract.run import Run
from tailwise.engine.contract.strength import strength_of
from tailwise.engine.contract.task import Task
from tailwise.engine.evaluate.batch_norm import batch_norms, measure_statistics
from tailwise.engine.evaluate.teacher import Answers
from tailwise.engine.monitor.clock import SaveTimer
from tailwise.engine.monitor.gradients import blocks_of
from tailwise.engine.train.effect import check_effect, check_limit_names
from tailwise.engine.train.guards import GuardState
from tailwise.engine.train.state import PhaseResult, TrainState, loss_definition
from tailwise.engine.train.teacher import teacher_of
from tailwise.losses.head.boost import ClassBoost
from tailwise.optim.average import EMA, WeightAverage
from tailwise.optim.groups import StepOptimizer
from tailwise.optim.kinds import optimizer_name

StepBatches = tuple[list[Batch], list[list[int]]]
"""This process's micro-batches of a step, and for each sample how often it occurred earlier in the epoch."""


class PhaseTrainer:
    """State shared by the functions of the training loop.

    best: weights of the best epoch so far; good: weights and optimizer state that a rollback restores; both on the CPU
    known: shapes of parameters common to all models so far; specs: specifications of these models, in fallback order
    trainable: trainable parameters by name; blocks: {parameter: its block}, see `monitor.gradients`
    """

    def __init__(
        self,
        task: Task,
        phase: Phase,
        samples: Iterable[int] | SamplesOf,
        boost: dict[str, ClassBoost],
        run: Run,
        handed: HandOver | None = None,
        answers: Answers | None = None,
    ):
        check_phase(phase, task, run.training.micro_batch)
        self.phase, self.run, self.handed = phase, run, handed
        self.teacher = teacher_of(phase.distil, answers)
        self.samples = samples_by_epoch(samples, phase.epochs)
        self.strength = strength_of(phase.augment, phase.augment_by_class, task.heads, task.labels, self.samples)
        self.boost = {head: of_head.to(run.device) for head, of_head in boost.items()}
        self.state, self.timer = TrainState(run.training.micro_batch), SaveTimer(run.save_every)
        self.best, self.known, self.specs = Tensors(), shapes(task.model), []
        self.build(task)
        if handed:
            self._take_over(handed)

    def build(self, task: Task) -> None:
        """Build optimizer, backup and average for this task's model; a UserError leaves the trainer unchanged."""
        model = task.model.to(self.run.device)
        phase = adapt_phase(self.phase, model, self.known) if self.specs else self.phase
        parameters = set_trainable(model, phase.trainable)
        optimizer = phase.optimizer.build(rate_groups(model, phase.rates), phase.lr)
        check_limit_names(task, phase, self.run)
        check_effect(task, self.boost, parameters, self.samples[0][:1], self.run)
        self.task = task
        self.optimizer: StepOptimizer = optimizer
        self.trainable = {name: p for name, p in model.named_parameters() if p.requires_grad}
        self.blocks = blocks_of({name: p.numel() for name, p in model.named_parameters()})
        self.backup = StepBackup(model, parameters, optimizer)
        self.average = WeightAverage(phase.average, model) if phase.average else None
        self.good = self.snapshot()
        self.specs.append(task.spec)
        self.known = dict(self.known.items() & shapes(model).items())
        self.reload()

    def _take_over(self, handed: HandOver) -> None:
        """Continue where another phase ended: its weights, optimizer state and guards.

        Losses that were measured by other boosts, or in another way, tell the guards nothing of those to come.
        """
        self.log("hand over", restore_hand_over(handed, self.task.model, self.optimizer))
        guard = GuardState(**handed.guard)
        guard = guard if handed.loss == loss_definition(self.phase, self.boost) else guard.fresh()
        self.state.rate, self.state.guard = handed.rate, guard
        self.state.micro_batch = min(self.state.micro_batch, handed.micro_batch)
        self.state.recalls = dict(handed.recalls)
        if self.average:
            self.average = WeightAverage(self.average.how, self.task.model)  # of the weights handed over
            if (tensors := part(handed.tensors, "average")) and isinstance(self.phase.average, EMA):
                self.average.restore(tensors)
        self.good, self.state.good = self.snapshot(), replace(guard)

    def snapshot(self) -> Tensors:
        """Copies of weights, optimizer state and averaged weights."""
        averaged = copied(self.average.tensors()) if self.average else {}
        return snapshot(self.task.model, self.optimizer) | {f"average/{name}": t for name, t in averaged.items()}

    def restore(self, tensors: Tensors) -> None:
        """Restore a `snapshot`."""
        restore(tensors, self.task.model, self.optimizer)
        if self.average:
            self.average.restore(part(tensors, "average"))

    @property
    def steps(self) -> int:
        """Optimizer steps of this epoch."""
        return self._steps_until(self.state.epoch + 1) - self._steps_until(self.state.epoch)

    def _steps_until(self, epoch: int) -> int:
        """Optimizer steps of all epochs before this one."""
        return sum(math.ceil(len(samples) / self.run.training.batch_size) for samples in self.samples[:epoch])

    @property
    def scores(self) -> list[float]:
        """Scores of the epochs so far, higher is better; -inf if unknown."""
        sign = -1 if self.task.select and self.task.select.mode == "min" else 1
        return [-math.inf if record.score is None else sign * record.score for record in self.state.history]

    @property
    def stopped(self) -> bool:
        """Whether the phase was stopped early."""
        early, last = self.phase.early_stopping, self.state.history[-1:]
        ended = bool(early) and (early.stops(self.scores) or any(record.stopped for record in last))
        return ended and self.state.epoch < self.phase.epochs

    @property
    def finished(self) -> bool:
        return self.state.epoch == self.phase.epochs or self.stopped

    @property
    def number(self) -> int:
        """The current step's number in the phase, from 0."""
        return self._steps_until(self.state.epoch) + self.state.step

    @property
    def seeds(self) -> str:
        """The name that seeds all randomness: the phase's, or that of the phase it continues."""
        return self.handed.seeds if self.handed else self.run.name

    def seed_epoch(self, epoch: int) -> int:
        """The epoch that seeds all randomness; counts on from the phase it continues."""
        return epoch + (self.handed.epochs if self.handed else 0)

    def lr(self, step: int) -> float:
        """Learning rate at a step of this epoch, from 0."""
        number, steps = self._steps_until(self.state.epoch) + step, self._steps_until(self.phase.epochs)
        return self.phase.lr * self.phase.schedule.factor(number, steps, self.scores) * self.state.rate

    def set_lr(self) -> None:
        """Set the learning rate of the current step in every parameter group."""
        lr = self.lr(self.state.step)
        for group in self.optimizer.param_groups:
            group["lr"] = lr * group["rate"]

    def next_batches(self) -> StepBatches:
        """The batches of the current step."""
        self._batches = self._batches or self._load()
        return next(self._batches)

    def reload(self) -> None:
        """Restart loading from the current step, after a change of micro-batch or model."""
        self._batches: Iterator[StepBatches] | None = None

    def order(self, epoch: int) -> np.ndarray:
        """The samples of an epoch in the order in which steps take them."""
        position = self.run.training.seed, self.seeds, self.seed_epoch(epoch)
        return training_order(self.samples[epoch], self.task.lengths, self.run.training.batch_size, position)

    def _load(self) -> Iterator[StepBatches]:
        """This process's batches of all remaining steps of the phase."""
        run, state = self.run, self.state
        orders = [self.order(epoch) for epoch in range(state.epoch, self.phase.epochs)]
        repeats = [repeat_numbers(order) for order in orders]
        plan = partial(plan_steps, run.training.batch_size, state.micro_batch, run.world.share, state.step)
        return zip(load_steps(self.task.samples, plan(orders), run.workers, run.events), plan(repeats))

    def prepare(self, batch: Batch, numbers: np.ndarray) -> Batch:
        """Move a micro-batch to the device, augment and mix it. numbers: (B,), from which the samples' draws follow"""
        keys = augment_keys(self.run.training.seed, self.seeds, self.seed_epoch(self.state.epoch), numbers)
        ready = self.task.prepare(batch.to(self.run.device), self.strength.of(batch.targets), keys)
        return self.task.mix(ready, self.phase.mix, keys) if self.phase.mix and self.task.mix else ready

    def validated_task(self) -> Task:
        """The task with the model to validate: the averaged one, if any."""
        return replace(self.task, model=self.average.model) if self.average and self.average.started else self.task

    def measure_batch_norm(self) -> None:
        """Update batch norm statistics of averaged weights on this epoch's samples, in every process on all of them."""
        if not (self.average and self.average.started):
            return
        pairs = zip(batch_norms(self.average.model), batch_norms(self.task.model), strict=True)
        if parts := [mine for mine, trained in pairs if trained.training]:
            work = partial(measure_statistics, self.average.model, parts, self._prepared(), self.run)
            catch_oom_in_all(lambda: (work(),), self.run)

    def _prepared(self) -> Iterator[Batch]:
        """This epoch's samples as micro-batches, augmented as in training."""
        run, state = self.run, self.state
        lists = chunks(self.order(state.epoch), state.micro_batch)
        batches = load_batches(self.task.samples, lists, run.workers, run.events)
        return (self.prepare(batch, batch.index.numpy()) for batch in batches)

    def result(self) -> PhaseResult:
        state = self.state
        best, fallback = state.best_epoch, state.best_fallback
        figures = state.history, best, self.specs[fallback], fallback, state.micro_batch
        return PhaseResult(self.best, *figures, self.stopped, self._hand_over())

    def _hand_over(self) -> HandOver | None:
        if self.phase.hand_over == "best":
            return None
        model, state = self.task.model, self.state
        tensors = {name: t for name, t in self.snapshot().items() if not name.startswith("optimizer/")}
        tensors |= {f"optimizer/{name}": t for name, t in named_state(model, self.optimizer).items()}
        if not isinstance(self.phase.average, EMA):
            tensors = {name: t for name, t in tensors.items() if not name.startswith("average/")}
        seeds = self.seeds, self.seed_epoch(state.epoch)
        guard = asdict(state.guard.after(self.number)), state.rate, state.micro_batch, state.recalls
        loss = loss_definition(self.phase, self.boost)
        return HandOver(copied(tensors), self.specs[-1], optimizer_name(self.phase.optimizer), *seeds, *guard, loss)

    @property
    def position(self) -> str:
        """Phase, epoch and step, for messages."""
        return f"{self.run.name} epoch {self.state.epoch + 1} step {self.state.step + 1}"

    def log(self, event: str, text: str, **facts) -> None:
        """Log an event, on rank 0 only."""
        if self.run.world.rank == 0:
            position = {"epoch": self.state.epoch + 1, "step": self.state.step + 1}
            self.run.events.log(event, text, **position, **facts)
