"""The sections pipeline as the engine sees it: one head with a label for each position of a song."""

from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import torch

from tailwise.core.heads import Head
from tailwise.core.params.typed import convert
from tailwise.data.sequences.dataset import Sequences
from tailwise.data.sequences.store import Features
from tailwise.engine.contract.metric import Metric, Select
from tailwise.engine.contract.task import Task
from tailwise.losses.sequence.loss import SequenceLoss, sequence_loss
from tailwise.metrics.classification import Classification
from tailwise.metrics.confidence import Confidence
from tailwise.metrics.sequence.boundaries import Boundaries
from tailwise.metrics.sequence.segments import Segments
from tailwise.models.sequence.tagger import SequenceModel
from tailwise.recipes.sections.augment import Scale, SongAugment, preparation
from tailwise.recipes.sections.features.kinds import chroma_columns, kind_of, position_name

IN_POSITIONS, IN_SECONDS = (0, 1, 2), (0.5, 3)
"""Tolerances of boundaries: of lines; of audio, https://www.music-ir.org/mirex/wiki/2017:Structural_Segmentation"""


@dataclass(frozen=True)
class Config:
    """The sections of params.yaml that define the task."""

    model: SequenceModel
    loss: SequenceLoss
    augment: SongAugment


def build(config: Config, heads: tuple[Head, ...], train: Path | None, valid: Path, seed: int) -> Task:
    """The task on two prepared splits; weights are initialized from `seed`."""
    torch.manual_seed(seed)
    validation = Sequences(valid, heads)
    samples = Sequences(train, heads, config.model.auxiliary_losses) if train else None
    features = validation.features
    scale = Scale(features.mean.tolist(), features.std.tolist(), chroma_columns(features.names))

    def fallback() -> Task:
        return build(replace(config, model=config.model.fallback()), heads, train, valid, seed)

    return Task(
        heads=heads,
        model=config.model.build(len(features.names), heads),
        spec=specification(config.model, heads, features, validation.seconds),
        train=samples,
        valid=validation,
        prepare=preparation(config.augment, scale),
        loss=partial(sequence_loss, config.loss),
        auxiliary=config.model.auxiliary_losses,
        metrics=metrics(heads, validation.seconds, position_name(features.names, validation.seconds)),
        select=Select(tuple(head.name for head in heads), "macro_f1"),
        fallback=fallback if config.model.fallback() else None,
        lengths=samples.lengths.tolist() if samples else None,
        valid_lengths=validation.lengths.tolist(),
    )


def as_stored(config: Config, spec: dict) -> Config:
    """The config with the fallback model that a weights file is of."""
    return replace(config, model=convert(SequenceModel, spec["model"], "model"))


def metrics(heads: tuple[Head, ...], seconds: float | None, position: str = "position") -> dict[str, Metric]:
    """Each head's figures; boundaries, whole sections and confidence of the first head.

    seconds: the length of a position, None where it has none; position: the word for one
    """
    head = heads[0]
    return {
        **{head.name: Classification(head) for head in heads},
        "boundaries": Boundaries(head, IN_SECONDS if seconds else IN_POSITIONS, seconds, position=position),
        "segments": Segments(head),
        "confidence": Confidence(head),
    }


def specification(
    model: SequenceModel, heads: tuple[Head, ...], features: Features, seconds: float | None
) -> dict[str, Any]:
    """What `recipes.sections.predict.Specification` reads."""
    return {
        "recipe": "sections",
        "model": asdict(model),
        "heads": [{"name": head.name, "classes": list(head.classes)} for head in heads],
        "features": {"kind": kind_of(features.names), **features.as_json()},
        "seconds": seconds,
    }
