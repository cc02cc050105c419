"""A trained model from its weights file alone."""

import importlib
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch

from tailwise.core.batch import Head
from tailwise.core.errors import UserError, shorten
from tailwise.core.tensors import misfit
from tailwise.data.video.decode.window import Short, Window
from tailwise.engine.batches.memory import catch_oom
from tailwise.engine.checkpoint.weights import INSTEAD_OF, read_weights

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
    """Views of a sample to an answer a head.

    heads, window, short: what the model was trained for, see `decode_clip`
    most_views: that a sample had in training, None if its file is older
    """

    def __init__(
        self,
        model: torch.nn.Module,
        heads: tuple[Head, ...],
        window: Window,
        device: torch.device,
        most_views: int | None = None,
        short: Short = "refuse",
    ):
        self.model, self.heads, self.window, self.device = model.to(device).eval(), heads, window, device
        self.most_views, self.short = most_views, short

    def answer(self, views: list[np.ndarray]) -> list[Answer]:
        """views: one or more, each (frames, height, width, 3) uint8 as `window` cuts them

        Raises UserError if memory runs out, or an answer is no number.
        """
        looked = catch_oom(partial(self._look, torch.from_numpy(np.stack(views))[None]))
        if looked is None:
            raise UserError("out of memory with the views of one sample: another device may have more")
        logits, attention = looked
        return [self._answered(head, logits[head.name], attention[head.name]) for head in self.heads]

    def _answered(self, head: Head, logits: torch.Tensor, attention: torch.Tensor) -> Answer:
        answer = Answer(head, logits.float().softmax(dim=1)[0].cpu().numpy(), attention[0].cpu().numpy())
        if not (np.isfinite(answer.probabilities).all() and np.isfinite(answer.attention).all()):
            what = f"the model's answer for {head.name} is no number"
            raise UserError(f"{what}: its weights are too large, train it again")
        return answer

    def _look(self, clips: torch.Tensor) -> tuple[dict[str, torch.Tensor], dict[str, torch.Tensor]]:
        mask = torch.ones(clips.shape[:2], dtype=torch.bool, device=self.device)
        return self.model.look(clips.to(self.device), mask)


def load_predictor(path: Path, device: torch.device) -> Predictor:
    """The model of a weights file; UserError if the file is no whole one that a known recipe wrote.

    The model is made without memory first: what the file specifies may be larger than what it holds.
    """
    tensors, facts = read_weights(path)
    spec = {name: value for name, value in facts.items() if name != INSTEAD_OF}
    recipe = spec.get("recipe")
    if not isinstance(recipe, str) or recipe not in RECIPES:
        named = f"the unknown recipe {shorten(repr(recipe))}"
        wrote = named if recipe else "no recipe, or by an older version: train it again"
        raise UserError(f"{path}: written by {wrote}; known recipes: {', '.join(RECIPES)}")
    build = partial(importlib.import_module(RECIPES[recipe]).from_specification, spec)
    try:
        with torch.device("meta"):
            shapes, read = build()
        cut = asdict(read.window)
        short = cut.pop("short")
        window = Window(margin=0, **cut)
    except (UserError, ValueError) as error:
        raise UserError(f"{path}: its specification is wrong: {error}") from error
    except (RuntimeError, TypeError) as error:  # a product of sizes, or a size itself, that is no 64-bit number
        raise UserError(f"{path}: its specification is of a model that cannot be built: {error}") from error
    if wrong := misfit(tensors, shapes.state_dict()):
        raise UserError(f"{path}: its tensors are not those of the model that it specifies: {wrong}")
    model, _ = build()
    model.load_state_dict(tensors)
    return Predictor(model, read.heads, window, device, read.seen.views, short)
