"""A teacher's models, as the task of a pipeline calls them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn

from tailwise.core.errors import UserError
from tailwise.engine.checkpoint.weights import as_json, read_weights
from tailwise.engine.contract.task import Task
from tailwise.engine.evaluate.inputs import build_task
from tailwise.engine.evaluate.teacher import Member
from tailwise.recipes.loading import load_model
from tailwise.recipes.recipe import Recipe
from tailwise.recipes.splits import ReadsSplit

MODEL = "model"
"""Specification key of the model, which a teacher may have another of; the other keys are of what it is given."""


class Answering(nn.Module):
    """A model as `Recipe.forward` calls it: inputs of a batch to {head: logits}."""

    def __init__(self, recipe: Recipe, model: nn.Module):
        super().__init__()
        self.recipe, self.model = recipe, model

    def forward(self, **inputs: torch.Tensor) -> dict[str, torch.Tensor]:
        try:
            return self.recipe.forward(self.model, inputs)[0]
        except (TypeError, ValueError) as error:
            raise UserError(f"the teacher cannot take the samples as this pipeline reads them: {error}") from error


def read_teacher(
    recipe: Recipe, config: Any, task: Task, split: Path, files: Sequence[tuple[Path, float]]
) -> list[Member]:
    """The teacher's models, fresh from their files. files: (weights, what its probabilities count, 1 in sum)

    Raises UserError for a model of another recipe, or of samples that were read in another way, such as another window.
    """
    return [_member(recipe, config, task, split, path, weight) for path, weight in files]


def _member(recipe: Recipe, config: Any, task: Task, split: Path, path: Path, weight: float) -> Member:
    check_inputs(path, task.spec)
    if isinstance(recipe, ReadsSplit) or type(recipe).from_specification is Recipe.from_specification:
        own, _ = build_task(recipe, config, task.heads, (None, split), 0, path)  # only of the model in params.yaml
        return Member(own.model, own.heads, weight, str(path))
    model, read = load_model(path, recipe)
    return Member(Answering(recipe, model), read.heads, weight, str(path))


def check_inputs(path: Path, spec: dict[str, Any]) -> None:
    """Raise UserError for weights whose model is given other samples than those of a task with this specification.

    Heads are compared by `check_heads`, whose message says more.
    """
    found, wanted = as_json(read_weights(path)[1]), as_json(spec)
    for key in sorted({*found, *wanted} - {MODEL, "heads"}):
        if found.get(key) != wanted.get(key):
            raise UserError(f"{path}: a teacher of another {key} than this pipeline's: train it as params.yaml has it")
