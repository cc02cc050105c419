"""How a pipeline's answers are explained: `EXPLAINER` in ``recipes/<name>/explanation/explainer.py``.

It may be absent. It is apart from the recipe, so that an explanation that changes trains nothing again.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tailwise.core.errors import UserError
from tailwise.evaluation.explain.choice import Choice

if TYPE_CHECKING:
    import torch
    from torch import nn

    from tailwise.core.batch import Batch
    from tailwise.engine.contract.task import Task
    from tailwise.recipes.recipe import Recipe

DIGITS = 4
"""Of an importance, in nats."""


@dataclass(frozen=True)
class Asked:
    """A label that is explained.

    task: its model is on `device`, in evaluation mode; place: of the sample in `task.valid`
    batch: the sample alone, on the device; position: of the label in a sequence, None elsewhere
    class_id: the class whose log-probability is explained
    """

    task: Task
    place: int
    batch: Batch
    head: str
    position: int | None
    class_id: int
    device: torch.device


@dataclass(frozen=True)
class Part:
    """One part of a sample as it is shown: a view, a picture, a sequence. Importance is in nats.

    importance: of the whole part; None where there is nothing beside it
    steps: of its time steps in order; step: the word for one, in the singular; empty without time
    at: the step that the label belongs to, None of the whole sample
    picture, frames: a data URI, and how many frames stand side by side in it; "" and 0 without a picture
    saliency, regions: data URIs of pictures to be laid over it, by the gradient and by occlusion
    """

    name: str
    importance: float | None = None
    steps: Sequence[float] = ()
    step: str = "frame"
    at: int | None = None
    picture: str = ""
    frames: int = 0
    saliency: str = ""
    regions: str = ""

    def to_json(self) -> dict[str, Any]:
        rounded = None if self.importance is None else round(self.importance, DIGITS)
        return {**asdict(self), "importance": rounded, "steps": [round(value, DIGITS) for value in self.steps]}


class Explainer:
    """What a pipeline shows of an answer. This one, of a pipeline without its own, shows its nearest samples alone.

    choice: which labels of a head are explained, fewer where an exhibit takes long
    known: training samples among which the nearest are looked for, those of rare classes first
    """

    choice = Choice()
    known = 1000

    def exhibit(self, asked: Asked) -> list[Part]:
        """The parts of a sample with their importance for a class."""
        return []

    def layers(self, recipe: Recipe, model: nn.Module, head: str) -> Sequence[nn.Module]:
        """As `Recipe.last_layers`, for a recipe that does not have it: what they are given is the embedding."""
        return recipe.last_layers(model, head)

    def facets(self, split: Path, samples: Sequence[str]) -> Mapping[str, Sequence[str]]:
        """{name: value of each of these samples of a prepared split}, by which the map of embeddings is coloured."""
        return {}


def load_explainer(package: str) -> Explainer:
    """The explainer of a recipe's package; `Explainer` itself for one that has none."""
    module = f"{package}.explanation.explainer"
    try:
        return importlib.import_module(module).EXPLAINER
    except ModuleNotFoundError as error:
        if error.name not in (f"{package}.explanation", module):
            raise
        return Explainer()


def embedding_layers(explainer: Explainer, recipe: Recipe, task: Task) -> dict[str, Sequence[nn.Module]]:
    """{head: its last layers}; UserError for a head without."""
    found = {head.name: explainer.layers(recipe, task.model, head.name) for head in task.heads}
    if without := [head for head, layers in found.items() if not layers]:
        raise UserError(f"recipe {recipe.name} names no last layers of {without[0]}: it has no embeddings")
    return found
