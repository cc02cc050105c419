"""A model that `tailwise export` wrote, run by ONNX Runtime. Nothing here loads torch."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from tailwise.core.errors import UserError
from tailwise.core.heads import IGNORE, Head
from tailwise.export.run.folder import ATTENTION, Card, Runner, open_folder
from tailwise.export.run.reading import Reading
from tailwise.metrics.predictions import Predictions
from tailwise.recipes.prediction import Prediction, Sample


class ExportedPredictor:
    """Predicts samples as `cli.predict.predictor.Predictor` does with a weights file."""

    decode = None
    """Decoding needs the weights file."""

    def __init__(self, run: Runner, card: Card):
        self.run, self.card, self.heads = run, card, card.heads

    def predict(self, sample: Sample) -> Prediction:
        """Raises UserError if the model cannot take the sample, or if an output is not finite."""
        return self.predict_together([sample])[0]

    def predict_together(self, samples: Sequence[Sample]) -> list[Prediction]:
        """One or more samples whose inputs have the same names and shapes, in one batch. Errors as of `predict`."""
        batch = {name: np.stack([one.inputs[name] for one in samples]) for name in samples[0].inputs}
        check_sizes(batch, self.card, samples[0].name)
        outputs = self.run(batch)
        return [self._one(outputs, row, sample) for row, sample in enumerate(samples)]

    def _one(self, outputs: dict[str, np.ndarray], row: int, sample: Sample) -> Prediction:
        heads = [_of_head(head, outputs, row, sample.name) for head in self.heads]
        attention = {head.name: outputs.get(f"{head.name} {ATTENTION}") for head in self.heads}
        weights = {name: _finite(found[row], name) for name, found in attention.items() if found is not None}
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


def _of_head(head: Head, outputs: dict[str, np.ndarray], row: int, name: str) -> Predictions:
    """outputs: of a batch; logits (B, C), or (B, T, C) of sequences. row: of the sample"""
    logits = _finite(outputs[head.name][row], head.name)
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
