"""The training loop. One call trains one phase:

    load the state, if this run was interrupted
    for each epoch:
        for each optimizer step:
            take it (step.py), or act on what stands against it
            keep good weights to go back to; save the state, if it is time
        judge the validation samples; keep the best weights; tell the observers
    save the state

It knows no task, no phase by name, and neither samples nor weights by how they were chosen.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import torch

from tailwise.engine.contract.phase import Phase
from tailwise.engine.contract.record import EpochRecord
from tailwise.engine.contract.run import Run
from tailwise.engine.contract.task import Task
from tailwise.engine.train.interrupt import ForcedInterrupt
from tailwise.engine.train.trainer import PhaseTrainer
from tailwise.losses.boost import ClassBoost


@dataclass(frozen=True)
class PhaseResult:
    """weights: of the best epoch, by name; history: one record an epoch; best: its epoch, from 1

    spec: of the model that they belong to, the task's own unless a simpler one took over and became better
    simpler: how many times one had, when they were the best
    micro_batch: what was computed at once in the end
    """

    weights: dict[str, torch.Tensor]
    history: list[EpochRecord]
    best: int
    spec: dict
    fallback: int
    micro_batch: int


def train_phase(
    task: Task, phase: Phase, samples: Iterable[int], boost: dict[str, ClassBoost], run: Run
) -> PhaseResult:
    """Train `task.model` from the weights it has, on these samples of `task.train`.

    Returns the weights of the epoch that `task.select` finds best on `task.valid`, the earliest of equals, or of the
    last one where nothing is selected. Raises UserError when the guards have tried all they can, without guards when
    the loss or gradient is not finite, and for a boost that nothing trainable would feel.
    """
    fit = PhaseTrainer(task, phase, list(samples), boost, run)
    fit.resume()
    try:
        while not fit.finished:
            fit.train_epoch()
        fit.save()  # what is done with the result may fail
    except ForcedInterrupt:
        raise
    except KeyboardInterrupt:
        fit.save()
        raise
    course = fit.course
    figures = (
        course.history,
        course.best_epoch,
        fit.specs[course.best_fallback],
        course.best_fallback,
        course.micro_batch,
    )
    return PhaseResult(fit.best, *figures)
