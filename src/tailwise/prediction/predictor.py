"""A trained model from its weights file alone."""

import importlib
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch

from tailwise.core.batch import Head
from tailwise.core.errors import UserError
from tailwise.data.decode.window import Window
from tailwise.engine.memory import afford
from tailwise.engine.weights import INSTEAD_OF, read_tensors

RECIPES = {"fouls": "tailwise.recipes.fouls.task"}
"""Recipes by the name that stands in a weights file. A file can ask for no other module."""


@dataclass(frozen=True)
class Answer:
    """One head on one sample. probabilities: (C,), 1 in sum; attention: of the views, (V,), 1 in sum"""

    head: Head
    probabilities: np.ndarray
    attention: np.ndarray

    @property
    def predicted(self) -> str:
        return self.head.classes[int(self.probabilities.argmax())]


class Predictor:
    """Views of a sample to an answer a head. heads, window: what the model was trained for"""

    def __init__(self, model: torch.nn.Module, heads: tuple[Head, ...], window: Window, device: torch.device):
        self.model, self.heads, self.window, self.device = model.to(device).eval(), heads, window, device

    def answer(self, views: list[np.ndarray]) -> list[Answer]:
        """views: one or more, each (frames, height, width, 3) uint8 as `window` cuts them

        Raises UserError if memory runs out.
        """
        looked = afford(partial(self._look, torch.from_numpy(np.stack(views))[None]))
        if looked is None:
            raise UserError("out of memory with the views of one sample: another device may have more")
        logits, attention = looked
        return [
            Answer(
                head, logits[head.name].float().softmax(dim=1)[0].cpu().numpy(), attention[head.name][0].cpu().numpy()
            )
            for head in self.heads
        ]

    def _look(self, clips: torch.Tensor) -> tuple[dict[str, torch.Tensor], dict[str, torch.Tensor]]:
        mask = torch.ones(clips.shape[:2], dtype=torch.bool, device=self.device)
        return self.model.look(clips.to(self.device), mask)


def load_predictor(path: Path, device: torch.device) -> Predictor:
    """The model of a weights file; UserError if the file is no whole one that a known recipe wrote."""
    tensors, spec = read_tensors(path)
    recipe = spec.get("recipe") if isinstance(spec, dict) else None
    spec = {key: value for key, value in spec.items() if key != INSTEAD_OF} if recipe else spec
    if not isinstance(recipe, str) or recipe not in RECIPES:
        wrote = f"the unknown recipe {recipe!r}" if recipe else "no recipe, or by an older version: train it again"
        raise UserError(f"{path}: written by {wrote}; known recipes: {', '.join(RECIPES)}")
    try:
        model, read = importlib.import_module(RECIPES[recipe]).from_specification(spec)
        window = Window(margin=0, **asdict(read.window))
        model.load_state_dict(tensors)
    except (UserError, ValueError) as error:
        raise UserError(f"{path}: its specification is wrong: {error}") from error
    except RuntimeError as error:
        raise UserError(f"{path}: its tensors are not those of the model that it specifies") from error
    return Predictor(model, read.heads, window, device)
