"""A model that `tailwise export` wrote, run by ONNX Runtime. Nothing here loads torch."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from tailwise.core.errors import UserError
from tailwise.core.heads import IGNORE, Head
from tailwise.export.run.folder import ATTENTION, Card, Runner, open_folder
from tailwise.export.run.reading import Reading
from tailwise.metrics.predictions import Predictions
from tailwise.recipes.prediction import Prediction, Sample


class ExportedPredictor:
    """Predicts one sample at a time, as `cli.predict.predictor.Predictor` does with a weights file."""

    decode = None
    """Decoding needs the weights file."""

    def __init__(self, run: Runner, card: Card):
        self.run, self.card, self.heads = run, card, card.heads

    def predict(self, sample: Sample) -> Prediction:
        """Raises UserError if the model cannot take the sample, or if an output is not finite."""
        batch = {name: np.asarray(value)[None] for name, value in sample.inputs.items()}
        check_sizes(batch, self.card, sample.name)
        outputs = self.run(batch)
        heads = [_of_head(head, outputs, sample.name) for head in self.heads]
        attention = {head.name: outputs.get(f"{head.name} {ATTENTION}") for head in self.heads}
        weights = {name: _finite(of_head[0], name) for name, of_head in attention.items() if of_head is not None}
        return Prediction(sample.name, sample.parts, heads, weights)


def load_exported(folder: Path, device: str, package: str | None) -> tuple[ExportedPredictor, Reading]:
    """The model of an exported folder, and what reading new inputs takes of its specification.

    package: of the user's --recipe, never of the card, which may come from anywhere
    """
    card, run = open_folder(folder, device)
    return ExportedPredictor(run, card), Reading(card.reading, card.heads, package, str(folder))


def check_sizes(batch: Mapping[str, np.ndarray], card: Card, name: str) -> None:
    """Raise UserError for a sample that is larger than what the model answers rightly."""
    given = ((each.dims, batch[each.name].shape) for each in card.inputs if each.name in batch)
    for dim, size in (pair for dims, shape in given for pair in zip(dims, shape)):
        if isinstance(dim, str) and size > card.largest.get(dim, size):
            most = f"at most {card.largest[dim]:,} in this export: use the weights file"
            raise UserError(f"{name}: a {dim} of {size:,}, but {most}")


def _of_head(head: Head, outputs: dict[str, np.ndarray], name: str) -> Predictions:
    """outputs: of one sample; logits (1, C), or (1, T, C) of a sequence"""
    logits = _finite(outputs[head.name][0], head.name)
    if logits.shape[-1] != len(head.classes):
        raise UserError(
            f"the model gives {logits.shape[-1]} numbers for the {len(head.classes)} classes of {head.name}"
        )
    likely = np.exp(logits - logits.max(axis=-1, keepdims=True))
    rows = np.atleast_2d(likely / likely.sum(axis=-1, keepdims=True))
    positions = np.arange(len(rows)) if logits.ndim > 1 else None
    unknown = np.full(len(rows), IGNORE)
    return Predictions(head, [name] * len(rows), [""] * len(rows), unknown, rows.argmax(axis=1), rows, positions)


def _finite(values: np.ndarray, head: str) -> np.ndarray:
    """Raises UserError if an output is not finite."""
    if not np.isfinite(values).all():
        raise UserError(f"the model's output for {head} is not finite: its weights are too large, train it again")
    return values
