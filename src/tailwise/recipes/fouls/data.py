"""What the task reads: the views' frames, or their embeddings by a backbone that is not trained any more."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from tailwise.core.batch import Batch
from tailwise.core.errors import UserError
from tailwise.core.heads import IGNORE, Head
from tailwise.data.video.augment.draws import uniform
from tailwise.data.video.augment.ranges import Augment
from tailwise.data.video.augment.views import kept_views
from tailwise.data.video.store.clips import Clips, Columns
from tailwise.data.video.store.features import Features, choose_pass
from tailwise.engine.evaluate.features import FILE, read_features
from tailwise.models.video.multiview import MultiView, OnFeatures
from tailwise.recipes.fouls.annotated.heads import auxiliary_heads, official_label, training_label
from tailwise.recipes.fouls.annotated.model import FoulModel
from tailwise.recipes.fouls.annotated.views import metadata_ids
from tailwise.recipes.fouls.mix import mix_fouls
from tailwise.recipes.fouls.prepare import preparation


@dataclass(frozen=True)
class Wanted:
    """What is read of the splits. heads: those that are predicted; the model says what else training reads"""

    augment: Augment
    heads: tuple[Head, ...]
    model: FoulModel

    def columns(self, training: bool) -> Columns:
        """How a manifest is read: for evaluation the labels are the official ones."""
        names = self.model.metadata
        metadata = partial(metadata_ids, names=names) if names else None
        return Columns(training_label if training else official_label, metadata)

    @property
    def trained(self) -> tuple[Head, ...]:
        return *self.heads, *auxiliary_heads(self.model.auxiliary)


@dataclass(frozen=True)
class Data:
    """Two splits, `Task.prepare` and `Task.mix` of their batches, and the model on what they give.

    train: None for evaluation only; mix: None where samples cannot be mixed
    """

    train: Clips | Features | None
    valid: Clips | Features
    prepare: Callable[[Batch, Any, np.ndarray], Batch]
    mix: Callable[..., Batch] | None
    fit: Callable[[MultiView], MultiView]


def read_data(wanted: Wanted, train: Path | None, valid: Path) -> Data:
    """Folders of the clip store, or of features. UserError for an auxiliary head without a training label."""
    data = (on_features if (valid / FILE).is_file() else on_clips)(wanted, train, valid)
    if data.train:
        check_auxiliary(data.train, wanted.model.auxiliary)
    return data


def check_auxiliary(train: Clips | Features, names: Sequence[str]) -> None:
    """Raise UserError for a head that would learn nothing."""
    for name in names:
        if (train.labels(name) == IGNORE).all():
            raise UserError(f"model.auxiliary: no sample of {train.folder} has a label {name}: leave it out")


def on_clips(wanted: Wanted, train: Path | None, valid: Path) -> Data:
    columns = wanted.columns(training=True)
    samples = Clips(train, wanted.trained, with_margin=True, columns=columns) if train else None
    validation = Clips(valid, wanted.heads, columns=wanted.columns(training=False))
    prepare = preparation(wanted.augment, wanted.heads, samples.margin if samples else 0)
    return Data(samples, validation, prepare, mix_fouls, lambda model: model)


def on_features(wanted: Wanted, train: Path | None, valid: Path) -> Data:
    """UserError if the two splits come from two backbones."""
    embeddings, origin = read_features(valid)
    validation, samples = Features(valid, wanted.heads, embeddings, columns=wanted.columns(training=False)), None
    if train:
        embeddings, of_train = read_features(train)
        columns = wanted.columns(training=True)
        samples = Features(train, wanted.trained, embeddings, all_passes=True, columns=columns)
        if of_train != origin:
            raise UserError(f"{train} and {valid}: features of two backbones, they must be computed anew")

    def prepare(batch: Batch, strength: float | np.ndarray, keys: np.ndarray) -> Batch:
        return prepare_features(batch, np.broadcast_to(strength, len(batch)), keys, wanted.augment.drop_views)

    return Data(samples, validation, prepare, None, lambda model: OnFeatures(model, origin, str(valid)))


def prepare_features(batch: Batch, strength: np.ndarray, keys: np.ndarray, drop_views: float) -> Batch:
    """One pass for each view, and views dropped as those of clips are. strength: (B,)"""
    inputs = batch.inputs | {"features": choose_pass(batch.inputs["features"], keys, strength)}
    if drop_views:
        present = inputs["mask"].cpu().numpy()
        kept = kept_views(present, uniform(keys, (present.shape[1], 1), "views")[..., 0], drop_views * strength)
        inputs["mask"] = torch.from_numpy(kept).to(inputs["mask"].device)
    return replace(batch, inputs=inputs)


def without_dropped_views(augment: Augment) -> Augment:
    """The augmentation of passes: views are dropped when a phase takes their features, not before."""
    return replace(augment, drop_views=0.0)
