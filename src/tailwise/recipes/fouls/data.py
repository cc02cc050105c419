"""What the task reads: the views' frames, or their embeddings by a backbone that is not trained any more."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from tailwise.core.batch import Batch
from tailwise.core.errors import UserError
from tailwise.core.heads import Head
from tailwise.data.video.augment import Augment, augment_clips, draw
from tailwise.data.video.store.clips import Clips
from tailwise.data.video.store.features import Features, choose_pass
from tailwise.engine.evaluate.features import FILE, read_features
from tailwise.models.video.multiview import MultiView, OnFeatures


@dataclass(frozen=True)
class Data:
    """Two splits, how a training batch is prepared, and the model on what they give. train: None for evaluation only"""

    train: Clips | Features | None
    valid: Clips | Features
    prepare: Callable[[Batch, float, np.ndarray], Batch]
    fit: Callable[[MultiView], MultiView]


def read_data(augment: Augment, heads: tuple[Head, ...], train: Path | None, valid: Path) -> Data:
    """Folders of the clip store, or of features."""
    return of_features(heads, train, valid) if (valid / FILE).is_file() else of_clips(augment, heads, train, valid)


def of_clips(augment: Augment, heads: tuple[Head, ...], train: Path | None, valid: Path) -> Data:
    samples, validation = Clips(train, heads, with_margin=True) if train else None, Clips(valid, heads)
    margin = samples.margin if samples else 0

    def prepare(batch: Batch, strength: float, keys: np.ndarray) -> Batch:
        clips = batch.inputs["clips"]
        uniform = draw(keys, clips.shape[1])
        changed = augment_clips(clips, batch.inputs["mask"], uniform, augment, strength, margin)
        return Batch({**batch.inputs, "clips": changed}, batch.targets, batch.index)

    return Data(samples, validation, prepare, lambda model: model)


def of_features(heads: tuple[Head, ...], train: Path | None, valid: Path) -> Data:
    """UserError if the two splits come from two backbones."""
    embeddings, origin = read_features(valid)
    validation, samples = Features(valid, heads, embeddings), None
    if train:
        embeddings, of_train = read_features(train)
        samples = Features(train, heads, embeddings, all_passes=True)
        if of_train != origin:
            raise UserError(f"{train} and {valid}: features of two backbones, they must be computed anew")

    def prepare(batch: Batch, strength: float, keys: np.ndarray) -> Batch:
        chosen = choose_pass(batch.inputs["features"], keys, strength)
        return replace(batch, inputs={**batch.inputs, "features": chosen})

    return Data(samples, validation, prepare, lambda model: OnFeatures(model, origin, str(valid)))
