"""A trained model from its weights file alone."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from tailwise.cli.predict.opened import OutOfMemory
from tailwise.core.batch import Decode, answers_output
from tailwise.core.errors import UserError
from tailwise.core.heads import IGNORE, Head
from tailwise.engine.batches.memory import catch_oom
from tailwise.metrics.predictions import Predictions
from tailwise.recipes.loading import load_model
from tailwise.recipes.prediction import Prediction, Sample
from tailwise.recipes.recipe import Recipe

ByHead = dict[str, torch.Tensor]
Forward = Callable[[nn.Module, dict[str, torch.Tensor]], tuple[ByHead, ByHead]]
"""(model, inputs) -> logits and attention of each head, see `Recipe.forward`."""


class Predictor:
    """Predicts one sample at a time. Moves the model to the device and sets evaluation mode."""

    def __init__(
        self,
        model: nn.Module,
        heads: tuple[Head, ...],
        forward: Forward,
        device: torch.device,
        decode: Decode | None = None,
    ):
        self.model, self.heads, self.forward, self.device = model.to(device).eval(), heads, forward, device
        self.decode = decode

    def predict(self, sample: Sample) -> Prediction:
        """Raises OutOfMemory if memory runs out, UserError if an output is not finite."""
        found = catch_oom(partial(self._forward, sample.inputs))
        if found is None:
            raise OutOfMemory("out of memory with one sample: another device may have more")
        outputs, attention = found
        heads = [_of_head(head, outputs, sample.name) for head in self.heads]
        weights = {name: _finite(of_head[0], name) for name, of_head in attention.items()}
        return Prediction(sample.name, sample.parts, heads, weights)

    @torch.no_grad()
    def _forward(self, inputs: dict[str, np.ndarray]) -> tuple[ByHead, ByHead]:
        batch = {name: torch.from_numpy(value)[None].to(self.device) for name, value in inputs.items()}
        outputs, attention = self.forward(self.model, batch)
        return outputs | self.decode(batch, outputs) if self.decode else outputs, attention


def _of_head(head: Head, outputs: ByHead, name: str) -> Predictions:
    """outputs: of one sample; logits (1, C), or (1, T, C) of a sequence"""
    probabilities = _finite(outputs[head.name].float().softmax(dim=-1)[0], head.name)
    rows = np.atleast_2d(probabilities)
    positions = np.arange(len(rows)) if probabilities.ndim > 1 else None
    names, unknown = [name] * len(rows), np.full(len(rows), IGNORE)
    decoded = outputs.get(answers_output(head.name))
    predicted = rows.argmax(axis=1) if decoded is None else np.atleast_1d(decoded[0].cpu().numpy())
    return Predictions(head, names, [""] * len(rows), unknown, predicted, rows, positions)


def _finite(values: torch.Tensor, head: str) -> np.ndarray:
    """Outputs as numpy arrays; raises UserError if one is not finite."""
    if not torch.isfinite(values).all():
        raise UserError(f"the model's output for {head} is not finite: its weights are too large, train it again")
    return values.cpu().numpy()


def load_predictor(
    path: Path, recipe: Recipe, device: torch.device, decoding: Path | None = None
) -> tuple[Predictor, Any]:
    """The model of a weights file, and its specification parsed by the recipe; UserError if they do not match.

    decoding: what `fit_decoding` fitted
    """
    model, read = load_model(path, recipe)
    decode = recipe.decoder(decoding, read.heads) if decoding else None
    return Predictor(model, read.heads, recipe.forward, device, decode), read
