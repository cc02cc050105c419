"""Every section of the fouls pipeline's params.yaml, as one dataclass."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch

from tailwise.balance.auto import OpenBalanced
from tailwise.balance.boosts import Target
from tailwise.balance.guard import Balance
from tailwise.balance.subset import AllSamples, Oversampled, Rebalance
from tailwise.core.batch import Head
from tailwise.core.chosen import AUTO
from tailwise.core.errors import UserError
from tailwise.core.runtime import Runtime
from tailwise.data.decode.store import Decode
from tailwise.data.decode.window import Window
from tailwise.data.demo import Demo
from tailwise.data.index.source import Source, check_root
from tailwise.data.load.augment import Augment
from tailwise.engine.guards import Stability
from tailwise.engine.phase import Phase, moves, rate_groups, set_trainable
from tailwise.engine.run import Training
from tailwise.judging.certificate import Targets
from tailwise.models.multiview import Model


@dataclass(frozen=True)
class OpenPhase(Phase):
    """A phase whose epochs and highest learning rate may be left to the data, see balance/auto.py."""

    epochs: int | Literal["auto"]
    lr: float | Literal["auto"]

    def __post_init__(self):
        Phase(**{name: 1 if value == AUTO else value for name, value in vars(self).items()})  # checks the others


@dataclass(frozen=True)
class PhaseSection(Rebalance):
    """A phase: how the classes are rebalanced, and how it is trained."""

    samples: AllSamples | OpenBalanced | Oversampled
    train: OpenPhase


@dataclass(frozen=True)
class Params:
    data: Source
    demo: Demo
    window: Window
    decode: Decode
    phase1: PhaseSection
    phase2: PhaseSection
    phase3: PhaseSection
    balance: Balance
    target: Target
    model: Model
    augment: Augment
    training: Training
    stability: Stability
    certificate: Targets
    runtime: Runtime

    def __post_init__(self):
        if self.augment.delay > self.window.margin:
            raise ValueError(f"augment.delay {self.augment.delay} needs window.margin {self.augment.delay} or more")
        shape = (self.window.frames, self.window.height, self.window.width)
        try:
            self.model.backbone.check_shape(shape)
        except ValueError as error:
            raise ValueError(f"window does not fit model.backbone: {error}") from error
        with torch.device("meta"):
            model = self.model.build(ANY_HEADS, shape)
        for name in ("phase1", "phase2", "phase3"):
            check_patterns(name, model, getattr(self, name).train)
        phases = (self.phase1.train, self.phase2.train, self.phase3.train)
        if getattr(self.model.backbone, "checkpoint", False) and not trains_backbone(model, phases):
            raise ValueError("model.backbone.checkpoint has no effect: no phase trains the backbone")


MADE_ROOT = "data/demo"
"""The data root that a stage of the pipeline makes."""


def check_inputs(params: Params) -> None:
    """Raise UserError if what the pipeline is to read is not there."""
    if params.data.root != MADE_ROOT:
        check_root(Path(params.data.root))
    params.model.backbone.check_weights()


ANY_HEADS = tuple(Head(f"head{i}", ("a", "b")) for i in range(8))
"""Heads are known from the data only; patterns of parameter names are checked against more than anyone has."""


def trains_backbone(model: torch.nn.Module, phases: tuple[Phase, ...]) -> bool:
    names = [f"backbone.{name}" for name, _ in model.backbone.named_parameters()]
    return any(moves(name, phase.trainable) for phase in phases for name in names)


def check_patterns(name: str, model: torch.nn.Module, phase: Phase) -> None:
    """Raise UserError for a pattern without effect, or a phase that would move nothing."""
    try:
        set_trainable(model, phase.trainable)
        rate_groups(model, phase.rates)
    except UserError as error:
        raise UserError(f"{name}.train.{error}") from error
