"""Actions on a fault: skip the batch, roll back, fall back to a simpler model, halve the micro-batch, alert."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import cast

from tailwise.core.errors import UserError
from tailwise.engine.batches.memory import TOO_LARGE
from tailwise.engine.checkpoint.snapshot import load_fitting, part
from tailwise.engine.contract.metric import Figures
from tailwise.engine.contract.phase import train_mode
from tailwise.engine.train.guards import ACTIONS, StepNumbers, evidence
from tailwise.engine.train.idle import zero_gradient_parameters
from tailwise.engine.train.saving import save_best
from tailwise.engine.train.step import StepRejected
from tailwise.engine.train.trainer import PhaseTrainer, StepBatches
from tailwise.metrics.dotted import dotted
from tailwise.metrics.interventions import Action, Fault, Intervention, describe, describe_fault

Numbers = dict[str, float | None]
"""Columns of an `Intervention` with the numbers that revealed its fault."""


def check_step(trainer: PhaseTrainer, numbers: StepNumbers, first: bool) -> None:
    """Raise StepRejected for a fault; with guards off, UserError for non-finite numbers.

    first: of the step's evaluations; another one, such as SAM's at the worst weights nearby, has a higher loss by
        intent, and is compared with nothing
    """
    if trainer.run.stability.guards and (first or not numbers.finite):
        if fault := trainer.state.guard.find_fault(numbers, trainer.number, trainer.run.stability):
            raise StepRejected(fault, numbers)
    elif not numbers.finite:
        raise UserError(f"{trainer.position}: loss or gradient is not finite; lower its lr")


def watch_step(trainer: PhaseTrainer, numbers: StepNumbers, batches: StepBatches) -> None:
    """After a step: raise alerts, and copy good weights for a rollback."""
    if not trainer.run.stability.guards:
        return
    state = trainer.state
    immovable = partial(zero_gradient_parameters, trainer.task, trainer.run, batches)
    for fault, parameter in state.guard.update(numbers, immovable):
        record(trainer, fault, ACTIONS[fault], parameter=parameter, **evidence(fault, numbers, state.guard))
    if state.guard.is_good():
        trainer.good, state.good = trainer.snapshot(), replace(state.guard)


def handle_fault(trainer: PhaseTrainer, rejected: StepRejected) -> None:
    """Handle the fault of a step whose update was undone."""
    fault, state = rejected.fault, trainer.state
    action = ACTIONS[fault]
    if action == "halve micro-batch":
        return halve_micro_batch(trainer)  # then repeat the step
    numbers = evidence(fault, cast(StepNumbers, rejected.numbers), state.guard)
    if action == "skip batch":
        skip_batch(trainer, fault, numbers)
    elif state.rollbacks < trainer.run.stability.max_rollbacks:
        roll_back(trainer, fault, numbers)
    else:
        fall_back(trainer, fault, numbers)
    state.step += 1


def halve_micro_batch(trainer: PhaseTrainer) -> None:
    """Halve the micro-batch for the rest of the run; raises UserError if it is 1."""
    if trainer.state.micro_batch == 1:
        raise UserError(f"{trainer.position}: {TOO_LARGE}")
    trainer.state.micro_batch //= 2
    trainer.reload()
    record(trainer, "out of memory", "halve micro-batch")


def skip_batch(trainer: PhaseTrainer, fault: Fault, numbers: Numbers) -> None:
    """Leave the weights unchanged and count the skipped step."""
    guard = trainer.state.guard
    guard.skipped = [*guard.skipped, trainer.number]  # a new list: the state of a rollback may hold the old one
    record(trainer, fault, "skip batch", **numbers)


def roll_back(trainer: PhaseTrainer, fault: Fault, numbers: Numbers) -> None:
    """Restore the last good weights and lower the learning rate."""
    state = trainer.state
    trainer.restore(trainer.good)
    state.guard = state.guard.roll_back(state.good)
    state.rate, state.rollbacks = state.rate / 2**state.guard.attempts, state.rollbacks + 1
    record(trainer, fault, "roll back", **numbers)


def fall_back(trainer: PhaseTrainer, fault: Fault, numbers: Numbers) -> None:
    """Continue with the next simpler model, initialized from the good weights that fit; UserError without one."""
    text = describe_fault(intervention(trainer, fault, "fall back", **numbers))
    failure = f"{trainer.position}: {fault} ({text}) after {trainer.state.rollbacks} rollbacks; lower its lr"
    if trainer.task.fallback is None:
        raise UserError(failure + save_best(trainer))
    task = trainer.task.fallback()
    loaded, tensors = load_fitting(task.model, part(trainer.good, "model"))
    try:
        trainer.build(task)
    except UserError as error:
        raise UserError(f"{failure}; no simpler model can take over ({error}){save_best(trainer)}") from error
    train_mode(task.model)
    trainer.state.fall_back()
    record(trainer, fault, "fall back", loaded=loaded, tensors=tensors, **numbers)


def check_limits(trainer: PhaseTrainer, figures: Mapping[str, Figures]) -> None:
    """After the validation of an epoch: record an emergency stop for a figure above its limit."""
    early = trainer.phase.early_stopping
    if early and early.limits and (found := early.exceeded(dotted(figures))):
        name, value, limit = found
        numbers = {"parameter": name, "loss": value, "reference": limit}
        row = intervention(trainer, "figure above its limit", "stop", **numbers)
        append(trainer, replace(row, step=trainer.state.step))


def intervention(trainer: PhaseTrainer, fault: Fault, action: Action, **values) -> Intervention:
    """An intervention at the current step, with the current settings."""
    state = trainer.state
    settings = {"rate": state.rate, "micro_batch": state.micro_batch, "fallback": state.fallback}
    return Intervention(state.epoch + 1, state.step + 1, fault, action, **settings, **values)


def record(trainer: PhaseTrainer, fault: Fault, action: Action, **values) -> None:
    """Record an intervention in this epoch and log it."""
    append(trainer, intervention(trainer, fault, action, **values))


def append(trainer: PhaseTrainer, row: Intervention) -> None:
    """Add an intervention to this epoch's and log it."""
    trainer.state.interventions.append(row)
    position = f"{trainer.run.name} epoch {row.epoch} step {row.step}"
    trainer.log("intervention", f"{position}: {describe(row)}", fault=row.fault, action=row.action)
