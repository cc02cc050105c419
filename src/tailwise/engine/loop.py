"""The training loop. One call trains one phase:

    load the state, if this run was interrupted
    for each epoch:
        for each optimizer step:
            prepare its micro-batches, set the rate
            optimizer.step(closure)      # closure: forward, loss / count, backward, clip, finite?
        judge the validation samples; keep the best weights
        save the state; tell the observers

It knows no task, no phase by name, and neither samples nor weights by how they were chosen.
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice

import numpy as np
import torch
from torch import nn

from tailwise.core.batch import Batch
from tailwise.core.errors import UserError
from tailwise.engine.effect import check_felt
from tailwise.engine.order import augment_keys, epoch_order, load_steps, repeat_numbers, seed_for, steps_of
from tailwise.engine.phase import Phase, rate_groups, set_trainable, train_mode
from tailwise.engine.predict import judge
from tailwise.engine.record import Record
from tailwise.engine.recovery import State, optimizer_tensors, restore_optimizer
from tailwise.engine.run import Run
from tailwise.engine.task import Task
from tailwise.losses import ClassBoost


@dataclass(frozen=True)
class Trained:
    """weights: of the best epoch, by name; history: one record an epoch; best: its epoch, from 1"""

    weights: dict[str, torch.Tensor]
    history: list[Record]
    best: int


def train_phase(task: Task, phase: Phase, samples: Iterable[int], boost: dict[str, ClassBoost], run: Run) -> Trained:
    """Train `task.model` from the weights it has, on these samples of `task.train`.

    Returns the weights of the epoch with the highest mean macro recall on `task.valid`,
    the earliest of equals. Raises UserError when the loss or gradient is not finite, and
    for a boost that nothing trainable would feel.
    """
    model, samples = task.model.to(run.device), list(samples)
    moving = set_trainable(model, phase.trainable)
    optimizer = phase.optimizer.build(rate_groups(model, phase.rates), phase.lr)
    fit = _Fit(task, phase, run, {head: of_head.to(run.device) for head, of_head in boost.items()}, moving, optimizer)
    check_felt(task, fit.boost, moving, samples[:1], run)
    done, best, history, best_epoch = _restore(run, model, optimizer)

    epochs = [_steps(samples, run, epoch) for epoch in range(done, phase.epochs)]
    batches = load_steps(task.train, epochs, run.workers)
    for epoch, steps in enumerate(epochs, start=done):
        figures = fit.epoch(epoch, steps, batches)
        history.append(Record(run.name, epoch + 1, phase.epochs, *figures, judge(task, run)))
        if not best or history[-1].score > history[best_epoch - 1].score:
            best, best_epoch = _copy(model.state_dict()), epoch + 1
        _save(run, model, optimizer, best, history, best_epoch)
        for observe in run.observers:
            observe(history)
    return Trained(best, history, best_epoch)


def _steps(samples: list[int], run: Run, epoch: int) -> list[list[list[int]]]:
    order = epoch_order(samples, run.training.seed, run.name, epoch)
    return steps_of(order, run.training.batch_size, run.training.micro_batch)


@dataclass(frozen=True)
class _Fit:
    """What every step of a phase works with."""

    task: Task
    phase: Phase
    run: Run
    boost: dict[str, ClassBoost]
    moving: list[nn.Parameter]
    optimizer: torch.optim.Optimizer

    def epoch(
        self, number: int, steps: list[list[list[int]]], batches: Iterator[list[Batch]]
    ) -> tuple[float, float, float]:
        """Train on the steps of one epoch; its last rate, its mean loss, its mean gradient norm."""
        train_mode(self.task.model)
        losses, norms = [], []
        for step, drawn in enumerate(zip(islice(batches, len(steps)), repeat_numbers(steps))):
            lr = self.phase.lr * self.phase.schedule.factor(number * len(steps) + step, self.phase.epochs * len(steps))
            for group in self.optimizer.param_groups:
                group["lr"] = lr * group["rate"]
            ready = [self.prepare(number, batch, repeats) for batch, repeats in zip(*drawn)]
            losses.append(self.optimizer.step(partial(self.evaluate, ready, (number, step), norms)))
        return lr, float(torch.stack(losses).mean()), float(torch.stack(norms).mean())

    def prepare(self, epoch: int, batch: Batch, repeats: list[int]) -> Batch:
        """A sample that is drawn again in an epoch is augmented by other keys."""
        index = batch.index.numpy() + len(self.task.train) * np.array(repeats)
        keys = augment_keys(self.run.training.seed, self.run.name, epoch, index)
        return self.task.prepare(batch.to(self.run.device), self.phase.augment, keys)

    def evaluate(self, micros: list[Batch], place: tuple[int, int], norms: list[torch.Tensor]) -> torch.Tensor:
        """The optimizer's closure, called once a step or more: sets gradients, notes their norm, returns the loss.

        place: epoch and step, from 0
        """
        self.optimizer.zero_grad()
        total, counts = torch.zeros((), device=self.run.device), {}
        for number, batch in enumerate(micros):
            torch.manual_seed(seed_for(self.run.training.seed, self.run.name, *place, number))
            with self.run.autocast():
                sums = self.task.loss(self.task.model(**batch.inputs), batch, self.boost)
            counts = counts or {name: max(sum(b.count(name) for b in micros), 1) for name in sums}
            loss = sum(value / counts[name] for name, value in sums.items())
            loss.backward()
            total += loss.detach()
        norms.append(nn.utils.clip_grad_norm_(self.moving, self.phase.clip))
        if not math.isfinite(total + norms[-1]):
            where = f"{self.run.name} epoch {place[0] + 1} step {place[1] + 1}"
            raise UserError(f"{where}: loss or gradient is not finite; lower its lr")
        return total


def _restore(run: Run, model: nn.Module, optimizer) -> tuple[int, dict, list[Record], int]:
    """Epochs done, best weights, history and best epoch; from the saved state where there is one."""
    state = run.recovery.load() if run.recovery else None
    if state is None:
        return 0, {}, [], 0
    model.load_state_dict(state.model)
    restore_optimizer(optimizer, state.optimizer)
    print(f"{run.name}: goes on after epoch {state.epoch}", flush=True)
    history = [Record.from_json(values) for values in state.facts["history"]]
    return state.epoch, state.best, history, state.facts["best_epoch"]


def _save(run: Run, model: nn.Module, optimizer, best: dict, history: list[Record], best_epoch: int) -> None:
    if run.recovery:
        facts = {"history": [record.to_json() for record in history], "best_epoch": best_epoch}
        run.recovery.save(State(len(history), model.state_dict(), best, optimizer_tensors(optimizer), facts))


def _copy(tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {name: tensor.detach().cpu().clone() for name, tensor in tensors.items()}
