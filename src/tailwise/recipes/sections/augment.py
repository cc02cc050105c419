"""Augmentation of the features of songs: noise, and for chroma a transposition."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from tailwise.core.batch import Batch

SEMITONES = 12


@dataclass(frozen=True)
class SongAugment:
    """Ranges at strength 1.

    noise: standard deviation of normal noise on the normalised features
    transpose: most semitones by which the chroma of a song are shifted, up or down
    """

    noise: float = 0.0
    transpose: int = 0

    def __post_init__(self):
        if self.noise < 0:
            raise ValueError(f"noise must not be negative, found {self.noise:g}")
        if not 0 <= self.transpose <= SEMITONES // 2:
            raise ValueError(f"transpose must be within [0, {SEMITONES // 2}], found {self.transpose}")


@dataclass(frozen=True)
class Scale:
    """How features are normalised: (x - mean) / std. chroma: columns of twelve pitch classes each, C first"""

    mean: Sequence[float]
    std: Sequence[float]
    chroma: Sequence[slice] = ()


def preparation(augment: SongAugment, scale: Scale) -> Callable[..., Batch]:
    """`Task.prepare`; a song's randomness follows from its key alone."""

    def prepare(batch: Batch, strength: float | np.ndarray, keys: np.ndarray) -> Batch:
        features = batch.inputs["features"]
        changed = features.cpu().numpy().copy()
        strengths = np.broadcast_to(strength, len(batch))
        for song, length, key, strong in zip(changed, batch.inputs["length"].tolist(), keys, strengths):
            augment_song(song[:length], augment, scale, np.random.default_rng(key.tolist()), float(strong))
        moved = torch.from_numpy(changed).to(features.device)
        return replace(batch, inputs={**batch.inputs, "features": moved})

    return prepare if augment.noise or augment.transpose else lambda batch, strength, keys: batch


def augment_song(
    features: np.ndarray, augment: SongAugment, scale: Scale, generator: np.random.Generator, strength: float
) -> None:
    """Change normalised features (T, D) in place."""
    most = round(augment.transpose * strength)
    shift = int(generator.integers(-most, most + 1)) if most else 0
    for columns in scale.chroma if shift else ():
        mean, std = (np.asarray(values, np.float32)[columns] for values in (scale.mean, scale.std))
        features[:, columns] = (np.roll(features[:, columns] * std + mean, shift, axis=1) - mean) / std
    if augment.noise * strength:
        features += generator.standard_normal(features.shape, np.float32) * np.float32(augment.noise * strength)
