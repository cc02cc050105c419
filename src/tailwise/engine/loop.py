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
from collections.abc import Iterable
from dataclasses import dataclass
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
    model = task.model.to(run.device)
    moving = set_trainable(model, phase.trainable)
    optimizer = phase.optimizer.build(rate_groups(model, phase.rates), phase.lr)
    boost = {head: of_head.to(run.device) for head, of_head in boost.items()}
    samples = list(samples)
    check_felt(task, boost, moving, samples[:1], run)
    done, best, history, best_epoch = _restore(run, model, optimizer)

    epochs = [_steps(samples, run, epoch) for epoch in range(done, phase.epochs)]
    batches = load_steps(task.train, epochs, run.workers)
    for epoch, steps in enumerate(epochs, start=done):
        train_mode(model)
        losses, norms = [], []
        for step, (micros, repeats) in enumerate(zip(islice(batches, len(steps)), repeat_numbers(steps))):
            position = (run.training.seed, run.name, epoch, step)
            ready = [_prepare(task, phase, run, epoch, *drawn) for drawn in zip(micros, repeats)]
            factor = phase.schedule.factor(epoch * len(steps) + step, phase.epochs * len(steps))
            for group in optimizer.param_groups:
                group["lr"] = phase.lr * group["rate"] * factor
            losses.append(optimizer.step(_closure(task, phase, run, ready, boost, moving, optimizer, position, norms)))
        means = (float(torch.stack(values).mean()) for values in (losses, norms))
        history.append(Record(run.name, epoch + 1, phase.epochs, phase.lr * factor, *means, judge(task, run)))
        if not best or history[-1].score > history[best_epoch - 1].score:
            best, best_epoch = _copy(model.state_dict()), epoch + 1
        _save(run, model, optimizer, best, history, best_epoch)
        for observe in run.observers:
            observe(history)
    return Trained(best, history, best_epoch)


def _steps(samples: list[int], run: Run, epoch: int) -> list[list[list[int]]]:
    order = epoch_order(samples, run.training.seed, run.name, epoch)
    return steps_of(order, run.training.batch_size, run.training.micro_batch)


def _prepare(task: Task, phase: Phase, run: Run, epoch: int, batch: Batch, repeats: list[int]) -> Batch:
    """A sample that is drawn again in an epoch is augmented by other keys."""
    index = batch.index.numpy() + len(task.train) * np.array(repeats)
    keys = augment_keys(run.training.seed, run.name, epoch, index)
    return task.prepare(batch.to(run.device), phase.augment, keys)


def _closure(task, phase, run, micros, boost, moving, optimizer, position, norms):
    """What one step evaluates, possibly more than once: sets gradients, notes their norm, returns the loss."""

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        total = torch.zeros((), device=run.device)
        counts: dict[str, int] = {}
        for number, batch in enumerate(micros):
            torch.manual_seed(seed_for(*position, number))
            with run.autocast():
                sums = task.loss(task.model(**batch.inputs), batch, boost)
            counts = counts or {name: max(sum(b.count(name) for b in micros), 1) for name in sums}
            loss = sum(value / counts[name] for name, value in sums.items())
            loss.backward()
            total += loss.detach()
        norm = nn.utils.clip_grad_norm_(moving, phase.clip)
        if not math.isfinite(total + norm):
            _, name, epoch, step = position
            raise UserError(f"{name} epoch {epoch + 1} step {step + 1}: loss or gradient is not finite; lower its lr")
        norms.append(norm)
        return total

    return closure


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
