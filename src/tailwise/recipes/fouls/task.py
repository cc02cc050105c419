"""The fouls pipeline as the engine sees it: two heads on the views of a foul."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import torch

from tailwise.core.heads import Head
from tailwise.core.params.typed import convert
from tailwise.data.video.augment.ranges import Augment
from tailwise.engine.checkpoint.weights import SEEN
from tailwise.engine.contract.metric import Metric, Select
from tailwise.engine.contract.task import Task
from tailwise.metrics.classification import Classification
from tailwise.metrics.macro_recall import MacroRecall
from tailwise.recipes.fouls.annotated.model import FoulModel, as_plain
from tailwise.recipes.fouls.data import Wanted, read_data
from tailwise.recipes.fouls.loss import PER_VIEW, foul_loss, view_logits


@dataclass(frozen=True)
class Config:
    """The sections of params.yaml that define the task."""

    model: FoulModel
    augment: Augment


def build(
    config: Config, heads: tuple[Head, ...], train: Path | None, valid: Path, seed: int, pretrained: bool = False
) -> Task:
    """The task on two splits of the clip store, or of features of it, which train no backbone.

    Weights are initialized from `seed`; `pretrained` loads the backbone's.
    """
    torch.manual_seed(seed)
    data = read_data(Wanted(config.augment, heads, config.model), train, valid)
    model = config.model.build(heads, data.valid.shape)
    if pretrained:
        config.model.backbone.pretrain(model.backbone)

    def fallback() -> Task:
        return build(replace(config, model=config.model.fallback()), heads, train, valid, seed)

    return Task(
        heads=heads,
        model=data.fit(model),
        spec=specification(config.model, heads, data.valid.window, data.train.most_views if data.train else None),
        train=data.train,
        valid=data.valid,
        prepare=data.prepare,
        loss=foul_loss,
        parts=view_logits,
        mix=data.mix,
        auxiliary=(PER_VIEW, *config.model.auxiliary),
        metrics=metrics(heads),
        select=Select(tuple(head.name for head in heads), "macro_recall"),
        fallback=fallback if config.model.fallback() else None,
    )


def as_stored(config: Config, spec: dict) -> Config:
    """The config with the fallback model that a weights file is of."""
    stored = convert(FoulModel, spec["model"], "model")
    return replace(config, model=replace(config.model, variant=stored.variant))


def metrics(heads: tuple[Head, ...]) -> dict[str, Metric]:
    """Balanced accuracy in percent (the mean over the heads of macro recall), and each head's figures."""
    return {"balanced_accuracy": MacroRecall(heads, scale=100), **{head.name: Classification(head) for head in heads}}


MOST_HEADS = 1_000


@dataclass(frozen=True)
class Cut:
    """The window that the views were cut by, as data/decode/window.py has it, without its margin, and decode.short."""

    centre: float
    stride: float
    frames: int
    height: int
    width: int
    unit: Literal["frames", "seconds"] = "frames"
    short: Literal["refuse", "pad"] = "refuse"


@dataclass(frozen=True)
class Seen:
    """views: the most that a sample had; None in older files"""

    views: int | None = None

    def __post_init__(self):
        if self.views is not None and self.views < 1:
            raise ValueError(f"views must be at least 1, found {self.views}")


@dataclass(frozen=True)
class Specification:
    """The specification in a weights file: all that a prediction needs in addition to the tensors.

    heads: a list, as their order decides which of the model's last layers is whose; at most MOST_HEADS
    seen: what the training samples were like
    """

    recipe: Literal["fouls"]
    model: FoulModel
    heads: tuple[Head, ...]
    window: Cut
    seen: Seen = Seen()

    def __post_init__(self):
        names = [head.name for head in self.heads]
        if not 0 < len(names) <= MOST_HEADS or len(set(names)) < len(names):
            raise ValueError(f"heads must be 1 to {MOST_HEADS} of different names, found {len(names)}")


def specification(
    model: FoulModel, heads: tuple[Head, ...], window: dict[str, Any], most_views: int | None = None
) -> dict:
    """A `Specification` as plain values. window: a `Cut`'s fields; most_views: of a training sample"""
    return {
        "recipe": "fouls",
        "model": as_plain(model),
        "heads": [{"name": head.name, "classes": list(head.classes)} for head in heads],
        "window": window,
        **({SEEN: {"views": most_views}} if most_views else {}),
    }


def from_specification(spec: dict) -> tuple[torch.nn.Module, Specification]:
    """The model that a weights file was written by, fresh, without its params file; UserError for another's."""
    read = convert(Specification, spec, "")
    return read.model.build(read.heads, (read.window.frames, read.window.height, read.window.width)), read
