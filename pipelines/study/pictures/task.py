"""Small pictures as the engine sees them: one head, a small net of convolutions."""

from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn

from pictures.augment import Augment, augment_images, draw
from pictures.store import Store
from tailwise.balance.boosts import Target
from tailwise.balance.guard import Balance
from tailwise.core.batch import Batch
from tailwise.core.heads import Head
from tailwise.core.params.runtime import Runtime
from tailwise.engine.contract.metric import Select
from tailwise.engine.contract.run import Stability, Training
from tailwise.engine.contract.task import Task
from tailwise.evaluation.selection import Selection
from tailwise.losses.classification import classification_loss
from tailwise.metrics.classification import Classification
from tailwise.metrics.macro_recall import MacroRecall
from tailwise.recipes.phases import PhaseSection


@dataclass(frozen=True)
class Model:
    """width: channels of the first layer"""

    width: int

    def __post_init__(self):
        if self.width < 4 or self.width % 4:
            raise ValueError(f"width must be a multiple of 4, found {self.width}")


@dataclass(frozen=True)
class Config:
    """The sections that decide the task."""

    model: Model
    augment: Augment


@dataclass(frozen=True)
class Params(Config):
    """All sections that a cell reads."""

    phase1: PhaseSection
    phase2: PhaseSection
    phase3: PhaseSection
    balance: Balance
    target: Target
    training: Training
    stability: Stability
    runtime: Runtime
    selection: Selection


class Net(nn.Module):
    """image (B, 1, H, W) to {head: logits (B, C)}: three convolutions, the first two halve the picture."""

    def __init__(self, width: int, heads: tuple[Head, ...]):
        super().__init__()
        sizes = (1, width, 2 * width, 4 * width)
        blocks = [block(*pair, halve) for pair, halve in zip(zip(sizes, sizes[1:]), (True, True, False))]
        self.backbone = nn.Sequential(*blocks, nn.AdaptiveAvgPool2d(2), nn.Flatten())
        self.heads = nn.ModuleDict({head.name: nn.Linear(16 * width, len(head.classes)) for head in heads})

    def forward(self, image: torch.Tensor) -> dict[str, torch.Tensor]:
        features = self.backbone(image)
        return {name: head(features) for name, head in self.heads.items()}


def block(inner: int, outer: int, halve: bool) -> nn.Sequential:
    layers = [nn.Conv2d(inner, outer, 3, padding=1, bias=False), nn.GroupNorm(4, outer), nn.ReLU()]
    return nn.Sequential(*layers, *([nn.MaxPool2d(2)] if halve else []))


def build(config: Config, heads: tuple[Head, ...], train: Path | None, valid: Path, seed: int) -> Task:
    """The task on prepared splits; weights drawn from `seed`."""
    torch.manual_seed(seed)

    def prepare(batch: Batch, strength: float, keys: np.ndarray) -> Batch:
        image = augment_images(batch.inputs["image"], draw(keys), config.augment, strength)
        return Batch({"image": image}, batch.targets, batch.index)

    return Task(
        heads=heads,
        model=Net(config.model.width, heads),
        spec={
            "recipe": "pictures",
            "model": asdict(config.model),
            "heads": [{"name": head.name, "classes": list(head.classes)} for head in heads],
        },
        train=Store(train, heads) if train else None,
        valid=Store(valid, heads),
        prepare=prepare,
        loss=classification_loss,
        metrics={"balanced_accuracy": MacroRecall(heads, scale=100), **{h.name: Classification(h) for h in heads}},
        select=Select("balanced_accuracy"),
    )
