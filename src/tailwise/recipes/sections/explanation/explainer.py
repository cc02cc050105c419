"""What the label of a position rests on: each position of the song."""

from collections.abc import Sequence
from typing import Any, cast

import torch
from torch import nn

from tailwise.evaluation.explain.importance import occlusion, regions
from tailwise.models.sequence.tagger import Tagger
from tailwise.recipes.explainer import Asked, Explainer, Part
from tailwise.recipes.recipe import Recipe
from tailwise.recipes.sections.features.kinds import position_name


class SectionExplainer(Explainer):
    """One part: the song."""

    known = 300

    def layers(self, recipe: Recipe, model: nn.Module, head: str) -> Sequence[nn.Module]:
        return [cast(Tagger, model).heads[head]]

    def exhibit(self, asked: Asked) -> list[Part]:
        """A position's features are replaced by 0, which is their mean over the training songs."""
        features, length = asked.batch.inputs["features"][0], asked.batch.inputs["length"]

        def answer(variants: torch.Tensor) -> torch.Tensor:
            return asked.task.model(variants, length.expand(len(variants)))[asked.head][:, asked.position]

        masks = regions(features.shape, {0: len(features)})
        falls = occlusion(answer, features, features.new_zeros(()), masks)[:, asked.class_id]
        split: Any = asked.task.valid
        step = position_name(split.features.names, split.seconds)
        return [Part(name="song", steps=falls.tolist(), step=step, at=asked.position)]


EXPLAINER = SectionExplainer()
