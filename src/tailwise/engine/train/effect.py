"""Rejects options that would have no effect, or that name nothing."""

from dataclasses import replace

import torch
from torch import nn

from tailwise.core.errors import UserError
from tailwise.engine.batches.dry_forward import dry_forward
from tailwise.engine.batches.memory import catch_oom_in_all
from tailwise.engine.contract.metric import figures_of
from tailwise.engine.contract.phase import Phase
from tailwise.engine.contract.record import MetricSums
from tailwise.engine.contract.run import Run
from tailwise.engine.contract.task import Task
from tailwise.engine.evaluate.validate import forward, partial_metrics
from tailwise.losses.head.boost import ClassBoost
from tailwise.metrics.dotted import check_known, dotted


def check_effect(
    task: Task, boost: dict[str, ClassBoost], trainable: list[nn.Parameter], samples: list[int], run: Run
) -> None:
    """Raise UserError for a boost on a head whose logits depend on nothing that is trained, or if memory runs out.

    samples: indices of one or more training samples, to run the model on; it is left in evaluation mode.
    """
    uneven = [name for name, of_head in boost.items() if of_head.boost.unique().numel() > 1]
    if not uneven or not samples:
        return

    def without_effect() -> list[str]:
        with dry_forward(task, run, samples) as batch, run.autocast():
            outputs = task.model(**batch.inputs)
            return [name for name in uneven if not _depends(outputs[name].sum(), trainable)]

    if unaffected := catch_oom_in_all(without_effect, run):
        raise UserError(
            f"the boost of head {unaffected[0]} has no effect: all parameters its logits depend on are frozen"
        )


def check_limit_names(task: Task, phase: Phase, run: Run) -> None:
    """Raise UserError for `early_stopping.limits` of figures that validation lacks, or if memory runs out.

    The names come from the figures of one validation sample; the model is left in evaluation mode.
    """
    limits = phase.early_stopping.limits if phase.early_stopping else {}
    if not limits:
        return

    def known() -> dict[str, float | None]:
        sums = MetricSums()
        sums.add(partial_metrics(task, *each) for each in forward(task, replace(run, workers=0), [[0]]))
        return dotted(figures_of(task.metrics, sums.totals))

    check_known("early_stopping.limits", limits, catch_oom_in_all(known, run))


def _depends(value: torch.Tensor, on: list[nn.Parameter]) -> bool:
    if not value.requires_grad:
        return False
    gradients = torch.autograd.grad(value, on, retain_graph=True, allow_unused=True)
    return any(gradient is not None for gradient in gradients)
