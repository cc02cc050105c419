"""A phase is a row of data: it holds all that governs a training call."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatch
from typing import Literal

import torch
from torch import nn

from tailwise.core.errors import UserError
from tailwise.engine.contract.options import EarlyStopping
from tailwise.optim.average import EMA, SWA
from tailwise.optim.groups import Groups
from tailwise.optim.kinds import Optimizer, Schedule
from tailwise.optim.plateau import Plateau

Shapes = dict[str, torch.Size]
"""{parameter name: shape}"""


@dataclass(frozen=True)
class Rate:
    """Parameters whose names match `pattern` move at `factor` times the phase's lr."""

    pattern: str
    factor: float

    def __post_init__(self):
        if self.factor <= 0:
            raise ValueError(f"factor must be positive, found {self.factor:g}; freeze parameters by trainable")


@dataclass(frozen=True)
class Phase:
    """One training call.

    epochs: passes over the phase's samples
    lr: highest learning rate; `schedule` shapes it over the optimizer steps
    clip: largest gradient norm
    augment: strength in [0, 1] of the pipeline's augmentation
    trainable: patterns of parameter names that move (``*`` for all), ``!`` before one that does not; the rest is frozen
    rates: parameters that move at a rate of their own, the first pattern that matches counts
    early_stopping: when the phase ends before its epochs are over; None: never
    loss_weights: {loss: weight} of the task's losses, 1 for a loss that is not named, 0 for an auxiliary one
    average: what is validated and handed over in place of the weights; None: the weights themselves
    keep_every: the weights of every so-manieth epoch are kept; 0: none
    hand_over: the weights of the best epoch, or of the last one with all that the next phase needs to go on exactly
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

    def __post_init__(self):
        if self.epochs < 1 or self.lr <= 0 or self.clip <= 0:
            raise ValueError("epochs, lr and clip must be positive")
        if not 0 <= self.augment <= 1:
            raise ValueError(f"augment must be within [0, 1], found {self.augment}")
        if negative := [name for name, weight in self.loss_weights.items() if weight < 0]:
            raise ValueError(f"loss_weights.{negative[0]} must not be negative")
        if self.keep_every < 0:
            raise ValueError(f"keep_every must not be negative, found {self.keep_every}")
        if isinstance(self.average, SWA) and self.early_stopping:
            raise ValueError("average {kind: swa} is over the last epochs: with early_stopping nobody knows them")

    def extra_outputs(self, name: str) -> list[str]:
        """Paths that the phase of this name writes besides its weights and figures."""
        epochs = [f"data/models/{name}-epochs"] if self.keep_every else []
        return epochs + ([f"data/models/{name}-state.safetensors"] if self.hand_over == "last" else [])

    @property
    def needs_scores(self) -> str:
        """The option that depends on validation scores; "" without one."""
        if self.early_stopping:
            return "early_stopping"
        return "schedule {kind: plateau}" if isinstance(self.schedule, Plateau) else ""


def check_options(phase: Phase, has_scores: bool, losses: Sequence[str]) -> None:
    """Raise UserError for options that the task or the number of epochs makes impossible.

    losses: names of the task's
    """
    for name in phase.loss_weights:
        if name not in losses:
            known = ", ".join(losses) or "none that has a name"
            raise UserError(f"loss_weights.{name}: the task has no such loss; it has {known}")
    if phase.needs_scores and not has_scores:
        raise UserError(f"{phase.needs_scores} needs a validation score, and the task selects no metric")
    for key, value in (("average.epochs", getattr(phase.average, "epochs", 0)), ("keep_every", phase.keep_every)):
        if value > phase.epochs:
            raise UserError(f"{key} {value} is above the phase's {phase.epochs} epochs: it has no effect")


def shapes(model: nn.Module) -> Shapes:
    return {name: parameter.shape for name, parameter in model.named_parameters()}


def adapt_phase(phase: Phase, model: nn.Module, known: Shapes) -> Phase:
    """The phase for a simpler model than its patterns are about.

    known: parameters that the patterns decide on; what else the model has is trained
    """
    own = shapes(model)
    trained = tuple(name for name, shape in own.items() if known.get(name) != shape or moves(name, phase.trainable))
    rates = tuple(rate for rate in phase.rates if any(fnmatch(name, rate.pattern) for name in trained))
    return replace(phase, trainable=trained, rates=rates)


def set_trainable(model: nn.Module, patterns: tuple[str, ...]) -> list[nn.Parameter]:
    """Freeze every parameter that no pattern names, or one with ``!`` does; returns those that move, in model order.

    Raises UserError for a pattern that names no parameter, and when nothing moves.
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
    """How many parameters the model and each of its parts have, and how many of them move by `patterns`."""
    lines: list[str] = []
    for part in ("", *(name for name, _ in model.named_children())):
        sizes = {n: p.numel() for n, p in model.named_parameters() if not part or n.startswith(f"{part}.")}
        moving = sum(size for name, size in sizes.items() if moves(name, patterns))
        lines.append(f"{part or 'model':<12}{sum(sizes.values()):>12,} parameters, {moving:,} trainable")
    return lines


def rate_groups(model: nn.Module, rates: tuple[Rate, ...]) -> Groups:
    """The parameters that move, in groups of one rate, in model order.

    Raises UserError for a pattern that names no parameter, or none that moves.
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
    return [{"params": moving, "rate": rate.factor if rate else 1.0} for rate, moving in groups.items()]


def check_patterns(model: nn.Module, key: str, patterns: list[str]) -> None:
    """Raise UserError for a pattern that matches no parameter."""
    names = [name for name, _ in model.named_parameters()]
    for pattern in patterns:
        if not any(fnmatch(name, pattern) for name in names):
            raise UserError(f"{key}: {pattern!r} names no parameter of the model; it has {_examples(names)}")


def _examples(names: list[str]) -> str:
    """The first levels of the names, as patterns."""
    return ", ".join(dict.fromkeys(f"{'.'.join(name.split('.')[:2])}*" for name in names))


def train_mode(model: nn.Module) -> None:
    """Training mode, but `eval` for every part whose parameters are all frozen."""
    model.train()
    for part in model.modules():
        parameters = list(part.parameters())
        if parameters and not any(p.requires_grad for p in parameters):
            part.eval()
