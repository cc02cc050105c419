"""Training of a baseline as the engine sees it: decoded clips, and a published net from pixels to classes."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import torch

from tailwise.core.errors import UserError
from tailwise.core.heads import Head
from tailwise.data.video.augment.ranges import Augment
from tailwise.data.video.store.clips import Clips
from tailwise.engine.contract.metric import Select
from tailwise.engine.contract.phase import Phase
from tailwise.engine.contract.task import Task
from tailwise.recipes.actions.baseline.model import BaselineModel, Net
from tailwise.recipes.actions.clips.figures import metrics
from tailwise.recipes.actions.clips.loss import balanced_loss, log_priors
from tailwise.recipes.actions.clips.mirror import preparation


@dataclass(frozen=True)
class BaselineStage:
    """stages: [baseline], or []: DVC makes a stage of each item
    model: which one; train: the phase, without rebalancing
    """

    stages: tuple[Literal["baseline"], ...]
    model: Net
    train: Phase


@dataclass(frozen=True)
class Config:
    """The sections of params.yaml that define the task."""

    baseline: BaselineStage
    augment: Augment


def build(
    config: Config, heads: tuple[Head, ...], train: Path | None, valid: Path, seed: int, pretrained: bool = False
) -> Task:
    """The task on two splits of the clip store; weights are initialized from `seed`."""
    torch.manual_seed(seed)
    validation, options = Clips(valid, heads), config.baseline.model
    samples = Clips(train, heads) if train else None
    try:
        model = BaselineModel(options, heads, validation.shape)
    except ValueError as error:
        raise UserError(f"baseline.model: {error}; see window") from error
    return Task(
        heads=heads,
        model=model,
        spec=specification(options, heads, validation.window),
        train=samples,
        valid=validation,
        prepare=preparation(config.augment, heads),
        loss=balanced_loss(log_priors(heads, samples)),
        metrics=metrics(heads),
        select=Select(tuple(head.name for head in heads), "macro_recall"),
    )


def specification(options: Net, heads: tuple[Head, ...], window: dict) -> dict:
    """What tells this model from another."""
    return {
        "recipe": "actions.baseline",
        "net": asdict(options),
        "window": window,
        "heads": [{"name": head.name, "classes": list(head.classes)} for head in heads],
    }
