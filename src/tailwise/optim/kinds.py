"""The available kinds of optimizers and schedules.

SAM and Ranger are not those of pytorch_optimizer 4.1.0 (tried): its Ranger counts steps outside the tensors that a
state file keeps, so that a resumed run differs; its SAM leaves the perturbed weights where its closure raises, as for a
step that a guard rejects, and neither computes the first gradient nor returns the loss.
"""

from math import isclose

from tailwise.optim.adamw import AdamW
from tailwise.optim.cosine import Cosine
from tailwise.optim.linear import Linear
from tailwise.optim.plateau import Plateau
from tailwise.optim.ranger import Ranger
from tailwise.optim.restarts import CosineRestarts
from tailwise.optim.sam import SAM
from tailwise.optim.sgd import SGD
from tailwise.optim.step import Step

Optimizer = AdamW | SGD | SAM | Ranger
"""Each has `build(groups, lr)`, which returns a `StepOptimizer`. Its state consists of tensors only."""

Schedule = Cosine | Step | CosineRestarts | Linear | Plateau
"""Each has `factor(step, steps, scores)` on lr, a pure function, and `ends()`, its first and last factor."""


def optimizer_name(optimizer: Optimizer) -> str:
    """Name of the optimizer that its state belongs to: the kind, with the base's for SAM."""
    return f"{optimizer.kind} of {optimizer.base.kind}" if isinstance(optimizer, SAM) else optimizer.kind


def goes_on(earlier: Schedule, later: Schedule) -> bool:
    """Whether two phases continue one schedule: one has a `start` below 1 or an `end`."""
    return later.start < 1 or getattr(earlier, "end", None) is not None


def gap(earlier: tuple[float, Schedule], later: tuple[float, Schedule]) -> tuple[float, float] | None:
    """The learning rates that the earlier phase ends at and the later one starts at, if they differ.

    earlier, later: lr and schedule; ignores warm-up, and ends that depend on scores
    """
    (lr, schedule), (next_lr, next_schedule) = earlier, later
    last = schedule.ends()[1]
    if last is None or isclose(lr * last, next_lr * next_schedule.start, rel_tol=1e-6):
        return None
    return lr * last, next_lr * next_schedule.start
