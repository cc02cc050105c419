"""Training of the motion stream as the engine sees it: decoded clips, mirrored ones with the labels of their mirror."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import torch

from tailwise.core.batch import Batch
from tailwise.core.errors import UserError
from tailwise.core.heads import Head
from tailwise.data.video.augment.clips import Allowed, augment_clips
from tailwise.data.video.augment.draws import BASE, draw
from tailwise.data.video.augment.ranges import Augment
from tailwise.data.video.store.clips import Clips
from tailwise.engine.contract.metric import Select
from tailwise.engine.contract.task import Task
from tailwise.losses.classification import classification_loss
from tailwise.metrics.classification import Classification
from tailwise.models.frozen.motion import OwnMotion
from tailwise.models.frozen.streams import Streams
from tailwise.recipes.actions.clips.mirror import swaps_of, with_swapped
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
    return Task(
        heads=heads,
        model=MotionModel(options, heads),
        spec=specification(options, heads),
        train=Clips(train, heads) if train else None,
        valid=Clips(valid, heads),
        prepare=preparation(config.augment, heads),
        loss=classification_loss,
        metrics={head.name: Classification(head) for head in heads},
        select=Select(tuple(head.name for head in heads), "macro_recall"),
    )


def preparation(augment: Augment, heads: tuple[Head, ...]) -> Callable[..., Batch]:
    """`Task.prepare`."""
    swaps = swaps_of(heads)

    def prepare(batch: Batch, strength: float | np.ndarray, keys: np.ndarray) -> Batch:
        clips, strength = batch.inputs["clips"], np.broadcast_to(strength, len(batch))
        draws, every = draw(keys, 1, clips.shape[2], augment), np.ones(len(batch), bool)
        allowed = Allowed(strength, every, ~every)
        changed = augment_clips(clips, every[:, None], draws, augment, allowed, 0)
        mirrored = torch.from_numpy(draws[BASE][:, 0, 0] < augment.mirror * strength)
        changed_batch = replace(batch, inputs={**batch.inputs, "clips": changed})
        return with_swapped(changed_batch, swaps, mirrored.to(clips.device))

    return prepare


def specification(options: OwnMotion, heads: tuple[Head, ...]) -> dict:
    """What tells this model from another."""
    return {
        "recipe": "actions.motion",
        "stream": asdict(options.bare()),
        "heads": [{"name": head.name, "classes": list(head.classes)} for head in heads],
    }
