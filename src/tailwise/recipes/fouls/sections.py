"""Every section of the fouls pipeline's params.yaml, as one dataclass."""

from dataclasses import dataclass
from pathlib import Path

import torch

from tailwise.balance.boosts import Target
from tailwise.balance.guard import Balance
from tailwise.balance.subset import Rebalance
from tailwise.core.batch import Head
from tailwise.core.errors import UserError
from tailwise.core.runtime import Runtime
from tailwise.data.decode.store import Decode
from tailwise.data.decode.window import Window
from tailwise.data.demo import Demo
from tailwise.data.index.source import Source, check_root
from tailwise.data.load.augment import Augment
from tailwise.engine.phase import Phase, moves, rate_groups, set_trainable
from tailwise.engine.run import Training
from tailwise.judging.certificate import Targets
from tailwise.models.multiview import Model


@dataclass(frozen=True)
class PhaseSection(Rebalance):
    """A phase: how the classes are rebalanced, and how it is trained."""

    train: Phase


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
        model = shape_of(self.model, shape)
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


def shape_of(model: Model, shape: tuple[int, int, int]) -> torch.nn.Module:
    """The model without memory for its weights; raises ValueError for sizes that no machine can hold."""
    try:
        with torch.device("meta"):
            return model.build(ANY_HEADS, shape)
    except (RuntimeError, TypeError) as error:  # a product of sizes, or a size itself, that is no 64-bit number
        raise ValueError(f"the model cannot be built, is a width in model too large? {error}") from error


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
