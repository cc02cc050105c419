"""The logos pipeline as the engine sees it: one label for each picture."""

from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import torch

from tailwise.core.errors import UserError
from tailwise.core.files import read_json
from tailwise.core.heads import Head
from tailwise.data.images.augment.pictures import preparation
from tailwise.data.images.augment.ranges import ImageAugment
from tailwise.data.images.dataset import Images
from tailwise.engine.checkpoint.weights import as_json
from tailwise.engine.contract.metric import Metric, Select
from tailwise.engine.contract.task import Task
from tailwise.losses.image.aleatoric import UNCERTAINTY
from tailwise.losses.image.loss import ImageLoss, Priors, image_loss
from tailwise.metrics.calibration.error import CalibrationError
from tailwise.metrics.classification import Classification
from tailwise.metrics.confidence import Confidence
from tailwise.metrics.image.shares import PredictedShares
from tailwise.metrics.image.uncertainty import Uncertainty
from tailwise.models.image.classifier import ImageModel
from tailwise.recipes.logos.contrast.weights import load_backbone


@dataclass(frozen=True)
class Start:
    """What phase 1 begins with, besides the weights that the section model names.

    pretrained: the weights file of pretraining, whose backbone is taken; null: none
    """

    pretrained: str | None = None


@dataclass(frozen=True)
class Config:
    """The sections of params.yaml that define the task."""

    model: ImageModel
    loss: ImageLoss
    augment: ImageAugment
    start: Start = Start()


def build(
    config: Config, heads: tuple[Head, ...], train: Path | None, valid: Path, seed: int, pretrained: bool = False
) -> Task:
    """The task on two prepared splits.

    Weights are initialized from `seed`; `pretrained` loads those that the sections model and start name.
    """
    torch.manual_seed(seed)
    config.loss.check(config.model.uncertainty)
    validation = Images(valid, heads)
    samples = Images(train, heads) if train else None
    model = built(config.model, heads, validation.size)
    if pretrained:
        config.model.pretrain(model)
    if pretrained and config.start.pretrained:
        load_backbone(model, config.model, validation.size, Path(config.start.pretrained))

    def fallback() -> Task:
        simpler = replace(config, model=config.model.fallback(), start=Start())
        return build(simpler, heads, train, valid, seed, pretrained=True)

    return Task(
        heads=heads,
        model=model,
        spec=specification(config.model, heads, read_json(valid / "canvas.json")),
        train=samples,
        valid=validation,
        prepare=preparation(config.augment),
        loss=partial(image_loss, config.loss, priors(config.loss, heads, samples)),
        metrics=metrics(heads, config.model.uncertainty),
        select=Select(tuple(head.name for head in heads), "macro_recall"),
        fallback=fallback if config.model.fallback() else None,
        uncertainty={heads[0].name: UNCERTAINTY} if config.model.uncertainty else {},
    )


def built(model: ImageModel, heads: tuple[Head, ...], size: int) -> torch.nn.Module:
    """The model for pictures of this size; UserError where they do not fit."""
    try:
        model.check(size)
        return model.build(heads, size)
    except ValueError as error:
        raise UserError(f"model: {error}; see prepare.size") from error


def priors(loss: ImageLoss, heads: tuple[Head, ...], samples: Images | None) -> Priors:
    """The shares that `loss.prior` holds the predictions near."""
    found: dict[str, torch.Tensor] = {}
    for head in heads:
        counts = torch.ones(len(head.classes))
        if loss.shares == "training" and samples:
            ids = torch.from_numpy(samples.labels(head.name))
            counts = torch.bincount(ids[ids >= 0], minlength=len(head.classes)).float()
        found[head.name] = counts / counts.sum()
    return found


def as_stored(config: Config, spec: dict) -> Config:
    """The config with the fallback model that a weights file is of; UserError if no fallback is that model."""
    model = config.model
    while as_json({"model": asdict(model.bare())}) != as_json({"model": spec.get("model")}):
        if (simpler := model.fallback()) is None:
            raise UserError("the weights are of a fallback that model.fallbacks does not name any more")
        model = simpler
    return replace(config, model=model)


def metrics(heads: tuple[Head, ...], uncertainty: bool) -> dict[str, Metric]:
    """Each head's figures; confidence, calibration, predicted shares and uncertainty of the first head."""
    head = heads[0]
    found: dict[str, Metric] = {
        **{head.name: Classification(head) for head in heads},
        "confidence": Confidence(head),
        "calibration": CalibrationError(head),
        "predicted": PredictedShares(head),
    }
    return {**found, "uncertainty": Uncertainty(head, UNCERTAINTY)} if uncertainty else found


def specification(model: ImageModel, heads: tuple[Head, ...], canvas: dict[str, Any]) -> dict[str, Any]:
    """What `recipes.logos.predict.Specification` reads. canvas: how pictures were fitted, of the prepared split"""
    return {
        "recipe": "logos",
        "model": asdict(model.bare()),
        "heads": [{"name": head.name, "classes": list(head.classes)} for head in heads],
        "canvas": canvas,
    }
