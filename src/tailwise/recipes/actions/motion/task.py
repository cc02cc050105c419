"""Training of the motion stream as the engine sees it: decoded clips, mirrored ones with the labels of their mirror."""

from dataclasses import asdict, dataclass
from pathlib import Path

import torch

from tailwise.core.errors import UserError
from tailwise.core.heads import Head
from tailwise.data.video.augment.ranges import Augment
from tailwise.data.video.store.clips import Clips
from tailwise.engine.contract.metric import Select
from tailwise.engine.contract.task import Task
from tailwise.metrics.classification import Classification
from tailwise.models.frozen.motion import OwnMotion
from tailwise.models.frozen.streams import Streams
from tailwise.recipes.actions.clips.loss import balanced_loss, log_priors
from tailwise.recipes.actions.clips.mirror import preparation
from tailwise.recipes.actions.motion.model import MotionModel


@dataclass(frozen=True)
class Config:
    """The sections of params.yaml that define the task."""

    streams: Streams
    augment: Augment


def build(
    config: Config, heads: tuple[Head, ...], train: Path | None, valid: Path, seed: int, pretrained: bool = False
) -> Task:
    """The task on two splits of the clip store; weights are initialized from `seed`."""
    torch.manual_seed(seed)
    options = config.streams.motion
    if not isinstance(options, OwnMotion):
        raise UserError(f"streams.motion {{kind: {options.kind}}} is not trained here: set motion.stages to []")
    samples = Clips(train, heads) if train else None
    return Task(
        heads=heads,
        model=MotionModel(options, heads),
        spec=specification(options, heads),
        train=samples,
        valid=Clips(valid, heads),
        prepare=preparation(config.augment, heads),
        loss=balanced_loss(log_priors(heads, samples)),
        metrics={head.name: Classification(head) for head in heads},
        select=Select(tuple(head.name for head in heads), "macro_recall"),
    )


def specification(options: OwnMotion, heads: tuple[Head, ...]) -> dict:
    """What tells this model from another."""
    return {
        "recipe": "actions.motion",
        "stream": asdict(options.bare()),
        "heads": [{"name": head.name, "classes": list(head.classes)} for head in heads],
    }
