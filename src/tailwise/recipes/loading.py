"""A trained model from its weights file alone."""

from pathlib import Path
from typing import Any

import torch
from torch import nn

from tailwise.core.errors import UserError
from tailwise.core.tensors import misfit
from tailwise.engine.checkpoint.weights import INSTEAD_OF, read_weights
from tailwise.recipes.recipe import Recipe


def load_model(path: Path, recipe: Recipe) -> tuple[nn.Module, Any]:
    """The model, and its specification parsed by the recipe; UserError if they do not match.

    Builds the model on the meta device first, since the specification may be larger than the file.
    """
    tensors, facts = read_weights(path)
    spec = {name: value for name, value in facts.items() if name != INSTEAD_OF}
    try:
        with torch.device("meta"):
            shapes, read = recipe.from_specification(spec)
    except (UserError, ValueError) as error:
        raise UserError(f"{path}: its specification is wrong: {error}") from error
    except (RuntimeError, TypeError) as error:  # a product of sizes, or a size itself, that is no 64-bit number
        raise UserError(f"{path}: its specification is of a model that cannot be built: {error}") from error
    if wrong := misfit(tensors, shapes.state_dict()):
        raise UserError(f"{path}: its tensors are not those of the model that it specifies: {wrong}")
    model, _ = recipe.from_specification(spec)
    model.load_state_dict(tensors)
    return model, read
