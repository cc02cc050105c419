"""What the exporter knows of a family of models: which dimensions of its inputs vary, and made-up inputs.

A model of no family is exported with an example sample, and with its batch alone dynamic.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from torch import Tensor, nn

from tailwise.export.graph.sequences import of_any_size
from tailwise.export.graph.views import look_at_all
from tailwise.models.action.model import ActionModel
from tailwise.models.image.classifier import ImageClassifier, ImageEnsemble
from tailwise.models.sequence.projections import Steps
from tailwise.models.sequence.tagger import Tagger
from tailwise.models.video.multiview import MultiView

BATCH, VIEWS, LENGTH = "batch", "views", "length"

Arrays = dict[str, np.ndarray]
"""Inputs of a model by name."""
Sizes = Mapping[str, int]
"""{name of a dimension that varies: its size}"""
Axes = Mapping[str, tuple[str, ...]]
"""{input: names of its first dimensions, which vary; the others are fixed}"""
ByHead = dict[str, Tensor]
Forward = Callable[[nn.Module, dict[str, Tensor]], tuple[ByHead, ByHead]]
"""(model, inputs) to logits and attention of each head, as `Recipe.forward`."""


@dataclass(frozen=True)
class Family:
    """axes: which dimensions vary; made_up(model, spec, sizes, rng): inputs of a batch; sizes: of the batches to try
    forward(model): the same computation as `Recipe.forward` with the same parameters, where an exporter needs another
        form of it; None: as it is
    rewritten(model): likewise the model with other parts, which share its parameters
    """

    axes: Axes
    made_up: Callable[[nn.Module, Any, Sizes, np.random.Generator], Arrays]
    sizes: Sequence[Sizes]
    forward: Callable[[nn.Module], Forward] | None = None
    rewritten: Callable[[nn.Module], nn.Module] | None = None


def family_of(model: nn.Module) -> Family | None:
    """None for a model of another kind, such as that of a recipe outside of tailwise."""
    return next((family for kinds, family in FAMILIES if isinstance(model, kinds)), None)


def one_sample(family: Family, model: nn.Module, spec: Any) -> Arrays:
    """Made-up inputs of one sample, without a batch dimension."""
    of_batch = family.made_up(model, spec, {**family.sizes[0], BATCH: 1}, np.random.default_rng(0))
    return {name: value[0] for name, value in of_batch.items()}


def made_up_views(model: nn.Module, spec: Any, sizes: Sizes, rng: np.random.Generator) -> Arrays:
    """Clips (B, V, T, H, W, 3) uint8, mask (B, V) with 1 to V views, and metadata ids (B, V, K) where it takes them."""
    assert isinstance(model, MultiView)
    batch, views, window = sizes[BATCH], sizes[VIEWS], spec.window
    shape = batch, views, window.frames, window.height, window.width, 3
    mask = np.arange(views) < rng.integers(1, views + 1, (batch, 1))
    mask[0] = True
    inputs = {"clips": rng.integers(0, 256, shape, np.uint8) * mask[..., None, None, None, None], "mask": mask}
    if model.metadata is not None:
        tables = [table for table in model.metadata.of.values() if isinstance(table, nn.Embedding)]
        ids = [rng.integers(0, table.num_embeddings, (batch, views)) for table in tables]
        inputs["metadata"] = np.stack(ids, axis=-1)
    return inputs


def made_up_sequence(model: nn.Module, spec: Any, sizes: Sizes, rng: np.random.Generator) -> Arrays:
    """Features (B, T, D) and lengths (B,) from 1 to T; 0 beyond a length."""
    assert isinstance(model, Tagger)
    batch, longest = sizes[BATCH], sizes[LENGTH]
    length = rng.integers(1, longest + 1, batch)
    length[0] = longest
    features = rng.normal(size=(batch, longest, features_of(model.projections))).astype(np.float32)
    return {"features": features * (np.arange(longest) < length[:, None])[..., None], "length": length}


def features_of(steps: Steps) -> int:
    """The width that projections take."""
    first = next((layer for layer in steps.modules() if isinstance(layer, nn.Linear)), None)
    return steps.width if first is None else first.in_features


def made_up_picture(model: nn.Module, spec: Any, sizes: Sizes, rng: np.random.Generator) -> Arrays:
    """Pictures (B, 3, H, W) uint8."""
    return {"image": rng.integers(0, 256, (sizes[BATCH], 3, spec.canvas.size, spec.canvas.size), np.uint8)}


def made_up_clips(model: nn.Module, spec: Any, sizes: Sizes, rng: np.random.Generator) -> Arrays:
    """Clips (B, T, H, W, 3) uint8, or (B, V, T, H, W, 3) where several views of each are averaged."""
    shape: tuple[int, ...] = spec.window.frames, spec.window.height, spec.window.width
    if spec.views is not None:
        protocol = spec.views.protocol
        shape = protocol.clips * protocol.crops, *spec.views.shape(shape)
    return {"clips": rng.integers(0, 256, (sizes[BATCH], *shape, 3), np.uint8)}


BATCHES = [{BATCH: size} for size in (1, 3, 2)]
FAMILIES: Sequence[tuple[tuple[type[nn.Module], ...], Family]] = (
    (
        (MultiView,),
        Family(
            {"clips": (BATCH, VIEWS), "mask": (BATCH, VIEWS), "metadata": (BATCH, VIEWS)},
            made_up_views,
            [{BATCH: 1, VIEWS: 2}, {BATCH: 3, VIEWS: 1}, {BATCH: 2, VIEWS: 4}],
            look_at_all,
        ),
    ),
    (
        (Tagger,),
        Family(
            {"features": (BATCH, LENGTH), "length": (BATCH,)},
            made_up_sequence,
            [{BATCH: 1, LENGTH: 12}, {BATCH: 3, LENGTH: 1}, {BATCH: 2, LENGTH: 37}],
            rewritten=of_any_size,
        ),
    ),
    ((ImageClassifier, ImageEnsemble), Family({"image": (BATCH,)}, made_up_picture, BATCHES)),
    ((ActionModel,), Family({"clips": (BATCH,)}, made_up_clips, BATCHES)),
)
