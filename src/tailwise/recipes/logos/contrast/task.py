"""Contrastive pretraining as the engine sees it: no heads, two views of each picture, probes that only look."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import torch

from tailwise.core.batch import Batch, Outputs
from tailwise.core.errors import UserError
from tailwise.core.heads import Head
from tailwise.data.images.dataset import Images
from tailwise.engine.contract.metric import Metric, Select
from tailwise.engine.contract.task import Task
from tailwise.losses.head.boost import ClassBoost
from tailwise.losses.head.cross_entropy import cross_entropy
from tailwise.losses.image.contrast import nt_xent
from tailwise.metrics.classification import Classification
from tailwise.models.image.classifier import Ensemble, ImageModel, Single
from tailwise.recipes.logos.contrast.figures import Pairing
from tailwise.recipes.logos.contrast.model import PROJECTED, ContrastModel
from tailwise.recipes.logos.contrast.options import Contrast
from tailwise.recipes.logos.contrast.views import Pairs, preparation


@dataclass(frozen=True)
class Config:
    """The sections of params.yaml that define the task."""

    model: ImageModel
    contrast: Contrast


def build(
    config: Config, heads: tuple[Head, ...], train: Path | None, valid: Path, seed: int, pretrained: bool = False
) -> Task:
    """The task on two prepared splits. heads: of the probes, whose labels nothing else sees

    Weights are initialized from `seed`; `pretrained` loads those that the section model names.
    """
    torch.manual_seed(seed)
    backbone = backbone_of(config.model)
    validation = Pairs(valid, heads, config.contrast)
    size = validation.images.size
    try:
        model = ContrastModel(backbone, config.contrast, heads, size)
    except ValueError as error:
        raise UserError(f"model: {error}; see prepare.size") from error
    if pretrained:
        backbone.pretrain(model.backbone)
    probed = tuple(head.name for head in heads)
    return Task(
        heads=(),
        model=model,
        spec=specification(config, heads, size),
        train=Images(train, heads) if train else None,
        valid=validation,
        prepare=preparation(config.contrast),
        loss=partial(contrast_loss, config.contrast),
        metrics=metrics(config.contrast, heads),
        select=Select(probed, "macro_recall") if probed else Select("pairs", "loss", "min"),
    )


def backbone_of(model: ImageModel) -> Single:
    """The backbone to pretrain; UserError for an ensemble."""
    if isinstance(model.backbone, Ensemble):
        raise UserError("model.backbone {kind: ensemble} is not pretrained: pretrain one of its members")
    return model.backbone


def contrast_loss(
    contrast: Contrast, outputs: Outputs, batch: Batch, boost: Mapping[str, ClassBoost] | None
) -> dict[str, torch.Tensor]:
    """{aspect: the sum over its samples; head: cross entropy of its probe, summed over the labels}

    The engine divides an aspect's by all samples, so that they add up to the mean loss of a sample.
    """
    each, aspect = nt_xent(outputs[PROJECTED], batch.inputs["aspect"], contrast.temperature), batch.inputs["aspect"]
    sums = {name: (each * (aspect == place)).sum() for place, name in enumerate(contrast.aspects)}
    probes = {head: cross_entropy(outputs[head], ids) for head, ids in batch.targets.items() if head in outputs}
    return sums | probes


def metrics(contrast: Contrast, heads: tuple[Head, ...]) -> dict[str, Metric]:
    """The probes' figures by the heads' names, and "pairs": each aspect's loss."""
    return {**{head.name: Classification(head) for head in heads}, "pairs": Pairing(contrast)}


def specification(config: Config, heads: tuple[Head, ...], size: int) -> dict:
    """What `recipes.logos.contrast.weights` reads, and what tells this model from another."""
    return {
        "recipe": "logos.contrast",
        "backbone": asdict(backbone_of(config.model).bare()),
        "size": size,
        "contrast": {
            "aspects": list(config.contrast.aspects),
            "width": config.contrast.width,
            "hidden": config.contrast.hidden,
        },
        "heads": [{"name": head.name, "classes": list(head.classes)} for head in heads],
    }
