"""Predicts with the members of an ensemble: the average of their probabilities."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from tailwise.cli.predict.predictor import Predictor, load_predictor
from tailwise.core.batch import Decode, answers_output
from tailwise.core.errors import UserError
from tailwise.ensemble.file import Part
from tailwise.evaluation.calibration.fitted import LEAST
from tailwise.metrics.predictions import Predictions
from tailwise.recipes.prediction import Inputs, Prediction, Sample
from tailwise.recipes.recipe import Recipe


@dataclass(frozen=True)
class Model:
    """A member. spec: its specification, parsed by the recipe; weight: 1 in sum over all"""

    predictor: Predictor
    spec: Any
    weight: float
    name: str


def load_models(parts: Sequence[Part], recipe: Recipe, device: torch.device) -> list[Model]:
    """Raises UserError for members of different heads or classes."""
    models = [Model(*load_predictor(part.path, recipe, device), part.weight, str(part.path)) for part in parts]
    for model in models[1:]:
        if model.predictor.heads != models[0].predictor.heads:
            raise UserError(f"{model.name}: has other heads or classes than {models[0].name}: leave it out")
    return models


def predict_each(
    models: Sequence[Model], recipe: Recipe, inputs: Inputs, form: str | None, workers: int, decode: Decode | None
) -> tuple[Iterator[tuple[int, Prediction]], Inputs]:
    """(place in the inputs, prediction) of each, and the inputs adapted to the first member.

    Members of one specification see each sample once it is read; others read the samples their own way, one by one.
    form: of the output; decode: how answers follow from the averaged probabilities
    Raises UserError for a sample that some members can use and others cannot.
    """
    first = models[0]
    fitted = recipe.fit_inputs(inputs, first.spec, form)
    weights = [model.weight for model in models]
    if all(model.spec == first.spec for model in models):
        samples = recipe.read_samples(fitted, first.spec, workers)
        each = ((sample, [model.predictor.predict(sample) for model in models]) for sample in samples)
        return ((sample.index, average(found, weights, sample, decode)) for sample, found in each), fitted
    if decode:
        raise UserError("--decoding needs members that read the samples alike: leave it out")
    own = [_predict_own(model, recipe, recipe.fit_inputs(inputs, model.spec, form), workers) for model in models]
    return ((index, average(each, weights)) for index, each in _by_sample(models, own).items()), fitted


def average(
    found: Sequence[Prediction], weights: Sequence[float], sample: Sample | None = None, decode: Decode | None = None
) -> Prediction:
    """The members' predictions of one sample as one. sample: as read, if its answers are decoded"""
    columns = zip(*(one.heads for one in found))
    heads = [_average_head(of_head, weights) for of_head in columns]
    if sample and decode:
        heads = _decoded(heads, sample, decode)
    return replace(found[0], heads=heads, attention=_average_attention(found, weights))


def _average_head(found: Sequence[Predictions], weights: Sequence[float]) -> Predictions:
    if len({one.known_probabilities.shape for one in found}) > 1:
        raise UserError(f"members predict different numbers of positions of {found[0].samples[0]}: their inputs differ")
    likely = np.average([one.known_probabilities for one in found], axis=0, weights=weights)
    return replace(found[0], probabilities=likely, predicted=likely.argmax(axis=1))


def _average_attention(found: Sequence[Prediction], weights: Sequence[float]) -> Mapping[str, np.ndarray]:
    """Of the heads for which every member has it, over the same parts."""
    given = [one.attention for one in found]
    alike = [head for head in given[0] if len({of[head].shape if head in of else None for of in given}) == 1]
    if any(list(one.parts) != list(found[0].parts) for one in found):
        return {}
    return {head: np.average([of[head] for of in given], axis=0, weights=weights) for head in alike}


def _decoded(heads: Sequence[Predictions], sample: Sample, decode: Decode) -> list[Predictions]:
    """The logarithm of averaged probabilities stands for the logits that a decoding takes."""
    batch = {name: torch.from_numpy(value)[None] for name, value in sample.inputs.items()}
    outputs = {one.head.name: torch.from_numpy(np.log(np.maximum(_of_sample(one), LEAST)))[None] for one in heads}
    answers = decode(batch, outputs)
    names = [answers_output(one.head.name) for one in heads]
    return [
        replace(one, predicted=np.atleast_1d(answers[name][0].numpy())) if name in answers else one
        for one, name in zip(heads, names)
    ]


def _of_sample(found: Predictions) -> np.ndarray:
    """(C,), or (T, C) of a sequence"""
    return found.known_probabilities[0] if found.positions is None else found.known_probabilities


def _predict_own(model: Model, recipe: Recipe, inputs: Inputs, workers: int) -> dict[int, Prediction]:
    samples = recipe.read_samples(inputs, model.spec, workers)
    return {sample.index: model.predictor.predict(sample) for sample in samples}


def _by_sample(models: Sequence[Model], own: Sequence[Mapping[int, Prediction]]) -> dict[int, list[Prediction]]:
    for model, found in zip(models[1:], own[1:]):
        if odd := sorted(found.keys() ^ own[0].keys()):
            name = (found.get(odd[0]) or own[0][odd[0]]).name
            raise UserError(f"{name}: only one of {models[0].name} and {model.name} can use it: leave it out")
    return {index: [of[index] for of in own] for index in own[0]}
