"""A phase: all settings of one training call, as data."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatch
from typing import Literal

import torch
from torch import nn

from tailwise.core.errors import UserError
from tailwise.engine.contract.mixing import Cutmix, Mixup
from tailwise.engine.contract.options import EarlyStopping
from tailwise.engine.contract.strength import ClassStrength
from tailwise.engine.contract.task import Task
from tailwise.losses.head.distil import Distil
from tailwise.losses.head.kinds import PLAIN, Loss
from tailwise.optim.average import EMA, SWA
from tailwise.optim.groups import Groups, check_decay
from tailwise.optim.kinds import Optimizer, Schedule
from tailwise.optim.plateau import Plateau

Shapes = dict[str, torch.Size]
"""{parameter name: shape}"""


@dataclass(frozen=True)
class Rate:
    """Parameters whose names match `pattern` are trained at `factor` times the phase's lr.

    weight_decay: of those with two or more dimensions, instead of the optimizer's; None: the optimizer's
    """

    pattern: str
    factor: float = 1.0
    weight_decay: float | None = None

    def __post_init__(self):
        if self.factor <= 0:
            raise ValueError(f"factor must be positive, found {self.factor:g}; freeze parameters by trainable")
        check_decay(self.weight_decay or 0.0)

    @property
    def group(self) -> dict[str, float]:
        """What its parameter group has besides the parameters."""
        own = {} if self.weight_decay is None else {"weight_decay": self.weight_decay}
        return {"rate": self.factor, **own}


@dataclass(frozen=True)
class Phase:
    """One training call.

    epochs: passes over the phase's samples
    lr: peak learning rate; `schedule` shapes it over the optimizer steps
    clip: maximum gradient norm
    augment: strength in [0, 1] of the pipeline's augmentation
    trainable: patterns of trainable parameter names (``*`` for all, ``!`` to exclude); the rest is frozen
    rates: learning rate factors and weight decay of parameter groups; the first matching pattern applies
    early_stopping: criterion for stopping before the last epoch; None: never
    loss_weights: {loss: weight}; a loss that is not named has weight 1, an auxiliary one 0
    average: weight averaging; the average is validated and handed over instead of the weights; None: no averaging
    keep_every: keep the weights of every n-th epoch; 0: none
    augment_by_class: how `augment` differs by class; None: not at all
    mix: mixing of the samples of a micro-batch; None: none
    hand_over: "best": the weights of the best epoch; "last": the full state of the last epoch
    loss: kind of loss of the heads' labels in training
    distil: how much is learned from the answers of a teacher; None: nothing
    """

    epochs: int
    lr: float
    optimizer: Optimizer
    schedule: Schedule
    clip: float
    augment: float
    trainable: tuple[str, ...]
    rates: tuple[Rate, ...]
    loss_weights: dict[str, float] = field(default_factory=dict[str, float])
    early_stopping: EarlyStopping | None = None
    average: EMA | SWA | None = None
    keep_every: int = 0
    hand_over: Literal["best", "last"] = "best"
    augment_by_class: ClassStrength | None = None
    mix: Mixup | Cutmix | None = None
    loss: Loss = PLAIN
    distil: Distil | None = None

    def __post_init__(self):
        if self.epochs < 1 or self.lr <= 0 or self.clip <= 0:
            raise ValueError("epochs, lr and clip must be positive")
        if not 0 <= self.augment <= 1:
            raise ValueError(f"augment must be within [0, 1], found {self.augment}")
        if self.augment_by_class and not self.augment:
            raise ValueError("augment_by_class has no effect: augment is 0")
        if negative := [name for name, weight in self.loss_weights.items() if weight < 0]:
            raise ValueError(f"loss_weights.{negative[0]} must not be negative")
        if self.keep_every < 0:
            raise ValueError(f"keep_every must not be negative, found {self.keep_every}")
        if isinstance(self.average, SWA) and self.early_stopping:
            raise ValueError("average {kind: swa} is over the last epochs: with early_stopping nobody knows them")

    def extra_outputs(self, name: str) -> list[str]:
        """Optional output paths of the phase with this name."""
        return [f"data/models/{name}-epochs"] if self.keep_every else []

    @property
    def needs_scores(self) -> str:
        """The option that depends on validation scores; "" without one."""
        if self.early_stopping:
            return "early_stopping"
        return "schedule {kind: plateau}" if isinstance(self.schedule, Plateau) else ""


def check_losses(weights: Mapping[str, float], heads: Sequence[str], auxiliary: Sequence[str]) -> None:
    """Raise UserError for `loss_weights` that name no loss of the task, or leave none."""
    for name in weights:
        if name not in (*heads, *auxiliary):
            known = ", ".join([*heads, *auxiliary]) or "none that has a name"
            raise UserError(f"loss_weights.{name}: the task has no such loss; it has {known}")
    if heads and not any([*weights.values(), *(1 for head in heads if head not in weights)]):
        raise UserError("loss_weights: every loss has weight 0, nothing would be trained")


def check_phase(phase: Phase, task: Task, micro_batch: int) -> None:
    """Raise UserError for options that do not fit the task, the micro-batch or the number of epochs."""
    check_options(phase, task.select is not None, task.mix is not None, micro_batch)
    heads = [head.name for head in task.heads]
    check_losses(phase.loss_weights, heads, task.auxiliary)
    if phase.distil:
        phase.distil.check(heads)


def check_options(phase: Phase, has_scores: bool, can_mix: bool, micro_batch: int) -> None:
    """Raise UserError for options that do not fit the task or the number of epochs."""
    _check_mixing(phase, can_mix, micro_batch)
    if phase.needs_scores and not has_scores:
        raise UserError(f"{phase.needs_scores} needs a validation score, and the task selects no metric")
    for key, value in (("average.epochs", getattr(phase.average, "epochs", 0)), ("keep_every", phase.keep_every)):
        if value > phase.epochs:
            raise UserError(f"{key} {value} is above the phase's {phase.epochs} epochs: it has no effect")


def _check_mixing(phase: Phase, can_mix: bool, micro_batch: int) -> None:
    """Raise UserError for mixing that the task cannot do, or that has nobody to mix with."""
    if phase.mix and not can_mix:
        raise UserError(f"mix {{kind: {phase.mix.kind}}}: the task mixes no samples")
    if phase.mix and micro_batch == 1:
        raise UserError(f"mix {{kind: {phase.mix.kind}}} has no effect: a micro-batch has one sample")


def shapes(model: nn.Module) -> Shapes:
    return {name: parameter.shape for name, parameter in model.named_parameters()}


def adapt_phase(phase: Phase, model: nn.Module, known: Shapes) -> Phase:
    """Adapt the phase's patterns to a fallback model.

    known: parameters that the patterns apply to; all others are trained
    """
    own = shapes(model)
    trained = tuple(name for name, shape in own.items() if known.get(name) != shape or moves(name, phase.trainable))
    matching = {rate: [own[name] for name in trained if fnmatch(name, rate.pattern)] for rate in phase.rates}
    rates = (rate if _decays(of) else replace(rate, weight_decay=None) for rate, of in matching.items() if of)
    return replace(phase, trainable=trained, rates=tuple(rates))


def _decays(shapes: Iterable[torch.Size]) -> bool:
    """Whether weight decay applies to any of these."""
    return any(len(shape) > 1 for shape in shapes)


def set_trainable(model: nn.Module, patterns: tuple[str, ...]) -> list[nn.Parameter]:
    """Freeze all parameters that no pattern selects; returns the trainable ones, in model order.

    Raises UserError for a pattern that matches no parameter, and if nothing is trainable.
    """
    check_patterns(model, "trainable", [pattern.removeprefix("!") for pattern in patterns])
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(moves(name, patterns))
    moving = [parameter for parameter in model.parameters() if parameter.requires_grad]
    if not moving:
        raise UserError("trainable: nothing would be trained")
    return moving


def moves(name: str, patterns: tuple[str, ...]) -> bool:
    """Whether a parameter of this name is trained."""
    frozen = any(fnmatch(name, pattern[1:]) for pattern in patterns if pattern.startswith("!"))
    return not frozen and any(fnmatch(name, pattern) for pattern in patterns if not pattern.startswith("!"))


def parameter_lines(model: nn.Module, patterns: tuple[str, ...]) -> list[str]:
    """Lines with the total and trainable parameters of the model and each of its parts that has any."""
    lines: list[str] = []
    for part in ("", *(name for name, _ in model.named_children())):
        sizes = {n: p.numel() for n, p in model.named_parameters() if not part or n.startswith(f"{part}.")}
        if part and not sizes:
            continue
        moving = sum(size for name, size in sizes.items() if moves(name, patterns))
        lines.append(f"{part or 'model':<12}{sum(sizes.values()):>12,} parameters, {moving:,} trainable")
    return lines


def rate_groups(model: nn.Module, rates: tuple[Rate, ...]) -> Groups:
    """Trainable parameters grouped by the first rate that matches, in model order.

    Raises UserError for a pattern that matches no trainable parameter, and for a weight decay without effect.
    """
    check_patterns(model, "rates", [rate.pattern for rate in rates])
    groups: dict[Rate | None, list[nn.Parameter]] = {}
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            first = next((rate for rate in rates if fnmatch(name, rate.pattern)), None)
            groups.setdefault(first, []).append(parameter)
    for rate in rates:
        if rate not in groups:
            raise UserError(f"rates: {rate.pattern!r} has no effect: what it names is frozen, or named before")
        if rate.weight_decay is not None and not _decays(parameter.shape for parameter in groups[rate]):
            raise UserError(f"rates: {rate.pattern!r}: weight_decay has no effect: biases and norms never decay")
    return [{"params": moving, **(rate.group if rate else {"rate": 1.0})} for rate, moving in groups.items()]


def check_patterns(model: nn.Module, key: str, patterns: list[str]) -> None:
    """Raise UserError for a pattern that matches no parameter."""
    names = [name for name, _ in model.named_parameters()]
    for pattern in patterns:
        if not any(fnmatch(name, pattern) for name in names):
            raise UserError(f"{key}: {pattern!r} names no parameter of the model; it has {_examples(names)}")


def _examples(names: list[str]) -> str:
    """The first levels of the names as example patterns."""
    return ", ".join(dict.fromkeys(f"{'.'.join(name.split('.')[:2])}*" for name in names))


def train_mode(model: nn.Module) -> None:
    """Set training mode, but `eval` for modules whose parameters are all frozen."""
    model.train()
    for part in model.modules():
        parameters = list(part.parameters())
        if parameters and not any(p.requires_grad for p in parameters):
            part.eval()
