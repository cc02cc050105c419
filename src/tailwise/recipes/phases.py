"""Sections of params.yaml that recipes share: a phase, with its rebalancing and its training."""

import re
from dataclasses import dataclass, field
from typing import Any, Literal

from tailwise.balance.auto import OpenBalanced
from tailwise.balance.curriculum import Curriculum
from tailwise.balance.samplers import Sampler
from tailwise.balance.subset import AllSamples, Oversampled, Rebalance
from tailwise.core.params.auto import AUTO
from tailwise.engine.contract.phase import Phase


@dataclass(frozen=True)
class OpenPhase(Phase):
    """A phase whose epochs and highest learning rate may be left to the data, by the rules of balance/auto.py.

    Stands in for a Phase in a pipeline's params alone: training reads a Phase, once the numbers are chosen.
    """

    epochs: int | Literal["auto"]  # pyright: ignore[reportIncompatibleVariableOverride]
    lr: float | Literal["auto"]  # pyright: ignore[reportIncompatibleVariableOverride]

    def __post_init__(self):
        known: dict[str, Any] = {name: 1 if value == AUTO else value for name, value in vars(self).items()}
        Phase(**known)  # checks the others


NO_TEACHER = "none"
"""The name that stands for no teacher: a folder with nothing to read is there for it, see dvc.yaml."""


@dataclass(frozen=True)
class Distillation:
    """The params section `distillation`.

    teachers: {name: path of a weights file, or of the ensemble.json of an ensemble}; a stage keeps the answers of each
        to the training samples; {}: no stage
    """

    teachers: dict[str, str] = field(default_factory=dict[str, str])

    def __post_init__(self):
        for name, path in self.teachers.items():
            if name == NO_TEACHER or not re.fullmatch(r"[A-Za-z0-9_]+", name):
                raise ValueError(
                    f"teachers: {name!r} cannot name a teacher: take letters, digits and _, other than {NO_TEACHER}"
                )
            if not path.endswith((".safetensors", ".json")):
                raise ValueError(f"teachers.{name}: {path!r} is no weights file and no ensemble.json")


@dataclass(frozen=True)
class PhaseSection(Rebalance):
    """A phase: how the classes are rebalanced, and how it is trained; as `OpenPhase`, before the numbers are chosen.

    curriculum: the samples that its epochs draw, the easiest first; None: the same in every epoch
    teacher: the name, among those of `Distillation`, of the teacher that `train.distil` is about
    """

    samples: AllSamples | OpenBalanced | Oversampled | Sampler  # pyright: ignore[reportIncompatibleVariableOverride]
    train: OpenPhase
    curriculum: Curriculum | None = None
    teacher: str = NO_TEACHER

    def __post_init__(self):
        super().__post_init__()
        if self.teacher != NO_TEACHER and not self.train.distil:
            raise ValueError(f"teacher {self.teacher} has no effect: train.distil is null")
        if self.teacher == NO_TEACHER and self.train.distil:
            raise ValueError("train.distil needs a teacher: one that the section distillation names")
        if self.curriculum and isinstance(self.samples, Sampler):
            raise ValueError(f"samples {{kind: {self.samples.kind}}} and curriculum both say what an epoch draws")
        end, epochs = self.curriculum.end if self.curriculum else 1, self.train.epochs
        if not isinstance(epochs, str) and end > epochs:
            raise ValueError(
                f"curriculum.end {end} is after the last epoch, {epochs}: some samples would never be drawn"
            )


@dataclass(frozen=True)
class PlainPhase:
    """A phase without rebalancing: every sample once an epoch, no boost."""

    train: Phase
