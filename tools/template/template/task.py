"""The template pipeline's params, model and task."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from template.images import Demo, Images, Source
from torch import nn

from tailwise.balance.guard import Balance
from tailwise.core.heads import Head
from tailwise.core.params.runtime import Runtime
from tailwise.core.params.typed import convert
from tailwise.engine.contract.metric import Select
from tailwise.engine.contract.run import Stability, Training
from tailwise.engine.contract.task import Task
from tailwise.evaluation.certificate import Targets
from tailwise.losses.classification import classification_loss
from tailwise.metrics.classification import Classification
from tailwise.metrics.macro_recall import MacroRecall
from tailwise.recipes.contradictions import of_teachers
from tailwise.recipes.exports import Export
from tailwise.recipes.phases import Distillation, PhaseSection


@dataclass(frozen=True)
class Model:
    """width: channels of the first layer"""

    width: int


@dataclass(frozen=True)
class Params:
    """All of params.yaml."""

    data: Source
    demo: Demo
    phase1: PhaseSection
    distillation: Distillation
    balance: Balance
    model: Model
    training: Training
    stability: Stability
    certificate: Targets
    export: Export
    runtime: Runtime

    def __post_init__(self):
        for line in of_teachers({"phase1": self.phase1}, self.distillation):
            raise ValueError(line)


@dataclass(frozen=True)
class Config:
    """The sections of params.yaml that define the task."""

    data: Source
    model: Model


@dataclass(frozen=True)
class Specification:
    """What stands in a weights file."""

    recipe: str
    model: Model
    heads: tuple[Head, ...]


class Classifier(nn.Module):
    """image (B, 3, H, W) to {head: logits (B, C)}."""

    def __init__(self, width: int, heads: tuple[Head, ...]):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, width, 5, stride=2), nn.ReLU(), nn.Conv2d(width, 2 * width, 3), nn.ReLU(), nn.Flatten(2)
        )
        self.heads = nn.ModuleDict({head.name: nn.Linear(2 * width, len(head.classes)) for head in heads})

    def forward(self, image: torch.Tensor) -> dict[str, torch.Tensor]:
        features = self.features(image).amax(dim=2)
        return {name: head(features) for name, head in self.heads.items()}


def build(config: Config, heads: tuple[Head, ...], train: Path | None, valid: Path, seed: int) -> Task:
    """The task on prepared splits; weights drawn from `seed`."""
    torch.manual_seed(seed)
    root = Path(config.data.root)
    return Task(
        heads=heads,
        model=Classifier(config.model.width, heads),
        spec={
            "recipe": "template",
            "model": asdict(config.model),
            "heads": [{"name": h.name, "classes": list(h.classes)} for h in heads],
        },
        train=Images(train, root, heads) if train else None,
        valid=Images(valid, root, heads),
        prepare=lambda batch, strength, keys: batch,
        loss=classification_loss,
        metrics={"balanced_accuracy": MacroRecall(heads), **{head.name: Classification(head) for head in heads}},
        select=Select("balanced_accuracy"),
    )


def stored_model(spec: dict[str, Any]) -> tuple[nn.Module, Specification]:
    """The model of a weights file's specification, as `build` writes it; ValueError for a wrong one."""
    read = convert(Specification, spec, "")
    return Classifier(read.model.width, read.heads), read
