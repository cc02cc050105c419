"""The training loop, read top to bottom. One call trains one phase.

It is independent of tasks and phases. trainer.py holds the objects of a phase, step.py computes gradients, guards.py
finds faults, faults.py acts on them, saving.py saves and resumes.
"""

from collections.abc import Iterable
from dataclasses import replace
from functools import partial

import torch
from torch import nn

from tailwise.core.system.interrupts import defer_interrupt
from tailwise.engine.batches.memory import catch_oom
from tailwise.engine.checkpoint.hand_over import HandOver
from tailwise.engine.checkpoint.snapshot import copied
from tailwise.engine.contract.metric import figures_of
from tailwise.engine.contract.options import SamplesOf
from tailwise.engine.contract.phase import Phase, train_mode
from tailwise.engine.contract.record import EpochRecord
from tailwise.engine.contract.run import Run
from tailwise.engine.contract.task import Task
from tailwise.engine.evaluate.teacher import Answers
from tailwise.engine.evaluate.validate import validate
from tailwise.engine.train.faults import check_limits, check_step, halve_micro_batch, handle_fault, watch_step
from tailwise.engine.train.guards import StepNumbers
from tailwise.engine.train.saving import keep_epoch, resume, save_at_end, save_if_due
from tailwise.engine.train.state import PhaseResult
from tailwise.engine.train.step import (
    StepBatches,
    StepRejected,
    forward_backward,
    measure_gradients,
    or_reject,
    prepare_step,
    sum_over_processes,
)
from tailwise.engine.train.trainer import PhaseTrainer
from tailwise.losses.head.boost import ClassBoost
from tailwise.losses.head.factors import adapted, adaptive, factors_of, follow


def train_phase(
    task: Task,
    phase: Phase,
    samples: Iterable[int] | SamplesOf,
    boost: dict[str, ClassBoost],
    run: Run,
    handed: HandOver | None = None,
    answers: Answers | None = None,
) -> PhaseResult:
    """Train `task.model` from its current weights.

    samples: indices into `task.train`, or a function of the epoch that returns them
    handed: the full state of the previous phase, to continue exactly where it ended
    answers: of a teacher, for a phase with `distil`

    Returns the weights of the best epoch on `task.valid` by `task.select` (the earliest if tied), or of the last epoch
    if nothing is selected. Raises UserError if every fallback failed, if the loss or gradient is not finite and guards
    are off, and for a boost that affects no trainable parameter.
    """
    trainer = PhaseTrainer(task, phase, samples, boost, run, handed, answers)
    resume(trainer)
    with save_at_end(trainer):
        while not trainer.finished:
            train_epoch(trainer)
            validate_epoch(trainer)
            close_epoch(trainer)
    return trainer.result()


def train_epoch(trainer: PhaseTrainer) -> None:
    """Take the remaining optimizer steps of this epoch."""
    state = trainer.state
    train_mode(trainer.task.model)
    trainer.boost = adapted(trainer.boost, state.recalls)
    while state.step < trainer.steps:
        with trainer.timer.timed("step"):
            batches = trainer.next_batches()
            with defer_interrupt():
                train_step(trainer, batches)
        save_if_due(trainer, "step" if state.step < trainer.steps else "first validation")


def train_step(trainer: PhaseTrainer, batches: StepBatches) -> None:
    """Take one optimizer step; on a fault, undo it and handle the fault."""
    found = try_step(trainer, batches)
    if isinstance(found, StepRejected):
        handle_fault(trainer, found)
    else:
        hits = trainer.run.world.gather(found.hits) if adaptive(trainer.boost) else ()
        trainer.state.count_step(found, trainer.blocks, hits)
        if trainer.average:
            trainer.average.after_step(trainer.task.model)
        watch_step(trainer, found, batches)
        trainer.state.step += 1
    if trainer.average and trainer.state.step == trainer.steps:
        trainer.average.after_epoch(trainer.task.model, trainer.phase.epochs - trainer.state.epoch - 1)


def try_step(trainer: PhaseTrainer, batches: StepBatches) -> StepNumbers | StepRejected:
    """Take one optimizer step and return its numbers, or undo it and return its fault."""
    try:
        with trainer.backup.restore_on_error():
            return optimizer_step(trainer, batches)
    except StepRejected as error:
        return error.with_traceback(None)  # frees the tensors of its frames


def optimizer_step(trainer: PhaseTrainer, batches: StepBatches) -> StepNumbers:
    """Forward, backward, guard, step. Raises StepRejected on a fault or if memory runs out.

    Returns the numbers of the first evaluation: an optimizer such as SAM calls the closure more than once.
    """
    optimizer, evaluations = trainer.optimizer, []
    trainer.set_lr()
    optimizer.zero_grad()
    ready = prepare_step(trainer, batches)

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        loss, hits = forward_backward(trainer, ready)
        loss = sum_over_processes(trainer, loss)
        numbers, norm = measure_gradients(trainer.trainable, loss, hits)
        check_step(trainer, numbers, first=not evaluations)
        evaluations.append(numbers)
        nn.utils.clip_grads_with_norm_(trainer.trainable.values(), trainer.phase.clip, norm)
        return loss

    or_reject(trainer.run.world, lambda: (optimizer.step(closure),))
    first, *others = evaluations
    return replace(first, sharpness=others[-1].loss - first.loss) if others else first


def validate_epoch(trainer: PhaseTrainer) -> None:
    """Accumulate metrics over the remaining validation samples of this epoch; does nothing without metrics."""
    state, run, rounds = trainer.state, trainer.run, None
    total = len(trainer.task.valid) if trainer.task.metrics else 0
    trainer.log("validate", "")
    run.world.share_buffers(trainer.task.model)
    task = trainer.validated_task()
    if not total:
        trainer.measure_batch_norm()
    while state.validation.samples < total:
        with trainer.timer.timed("validation" if rounds else "first validation"):
            if not rounds and not state.validation.samples:  # and anew by a halved micro-batch, as a resumed run would
                trainer.measure_batch_norm()
            rounds = rounds or validate(task, run, state.micro_batch, state.validation.samples)
            parts = run.world.gather(catch_oom(partial(next, rounds)))
            if None in parts:
                halve_micro_batch(trainer)
                rounds = None
            else:
                with defer_interrupt():
                    state.validation.add(parts)
        save_if_due(trainer, "validation" if state.validation.samples < total else "closing")


def close_epoch(trainer: PhaseTrainer) -> None:
    """Record the epoch, keep its weights if they are the best, and notify the observers."""
    state, run, task = trainer.state, trainer.run, trainer.task
    with trainer.timer.timed("closing"):
        totals, select = state.validation.totals, task.select
        figures = figures_of(task.metrics, totals) if select else {}
        score = select.score(figures) if select else None
        numbers = trainer.lr(trainer.steps - 1), state.mean_loss, state.mean_norm, totals, score
        with defer_interrupt():
            check_limits(trainer, figures)
            state.recalls, state.hits = dict(follow(trainer.boost, state.recalls, state.hits)), {}
            found = tuple(state.interventions), state.mean_sharpness, factors_of(trainer.boost), state.mean_block_norms
            record = EpochRecord(run.name, state.epoch + 1, trainer.phase.epochs, *numbers, *found)
            weights = trainer.validated_task().model.state_dict()
            keep_epoch(trainer, weights)
            best = trainer.phase.hand_over == "last" or state.is_best(record, select)
            if best:
                trainer.best = copied(weights)
            state.close_epoch(record, best)
        for observe in run.observers:
            observe(state.history)
    if trainer.stopped and not record.stopped and (early := trainer.phase.early_stopping):
        trainer.log("stop", f"{run.name}: no better score for {early.patience} epochs, stopped")
    save_if_due(trainer, "step")
