"""A trained model that is opened once and predicts as often as it is asked. Loads no torch before a model is opened."""

import argparse
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tailwise.core.errors import UserError
from tailwise.core.heads import Head
from tailwise.ensemble.file import Part
from tailwise.evaluation.calibration.fitted import Fitted, calibrated, check_classes
from tailwise.evaluation.costs.decisions import Costs, answered
from tailwise.recipes.prediction import Inputs, Prediction
from tailwise.recipes.recipe import Recipe

Answers = tuple[Inputs, Iterator[tuple[int, Prediction]]]
"""The inputs adapted to the model, and (place in them, prediction) in any order as they are read."""


class OutOfMemory(UserError):
    """Memory ran out with one sample: the machine's fault, not the sample's."""


@dataclass(frozen=True)
class Opened:
    """heads: the model's; predict: the usable samples of inputs, calibrated and with the cheapest answers.

    What `predict` yields raises UserError where an input that was typed cannot be used.
    """

    heads: Sequence[Head]
    predict: Callable[[Inputs], Answers]


def open_predictor(
    args: argparse.Namespace, parts: Sequence[Part], recipe: Recipe, calibration: Mapping[str, Fitted]
) -> Opened:
    """The model of --weights or --model with --calibration, --decoding and --costs; UserError if they do not match.

    parts: of an ensemble; args.workers: processes that read samples; calibration: of each head; empty: none
    """
    if args.model is None and is_ensemble(args.weights):
        return _open_ensemble(args, parts, recipe)
    predictor, spec = open_model(args, recipe)
    if calibration:
        check_classes(args.calibration or args.model or args.weights, calibration, predictor.heads)
    stated = _read_costs(args.costs, predictor.heads)
    decoded = predictor.decode is not None

    def predict(inputs: Inputs) -> Answers:
        inputs = recipe.fit_inputs(inputs, spec, args.format)
        samples = recipe.read_samples(inputs, spec, args.workers)
        found = ((sample.index, _calibrated(predictor.predict(sample), calibration, decoded)) for sample in samples)
        return inputs, ((index, _cheapest(one, stated)) for index, one in found)

    return Opened(predictor.heads, predict)


def is_ensemble(weights: Path) -> bool:
    return weights.suffix == ".json"


def open_model(args: argparse.Namespace, recipe: Recipe) -> tuple[Any, Any]:
    """A predictor, of a weights file or of an exported folder, and the specification that `recipe` reads inputs by."""
    if args.model is not None:
        from tailwise.export.run.predictor import load_exported

        return load_exported(args.model, args.device, args.recipe)
    from tailwise.cli.predict.predictor import load_predictor
    from tailwise.engine.distributed.device import find_device

    return load_predictor(args.weights, recipe, find_device(args.device, "--device"), args.decoding)


def _open_ensemble(args: argparse.Namespace, parts: Sequence[Part], recipe: Recipe) -> Opened:
    """The average of the members."""
    from tailwise.cli.predict.ensemble import load_models, predict_each
    from tailwise.engine.distributed.device import find_device

    models = load_models(parts, recipe, find_device(args.device, "--device"))
    heads = models[0].predictor.heads
    if args.decoding and any(model.spec != models[0].spec for model in models):
        raise UserError("--decoding needs members that read the samples alike: leave it out")
    decode = recipe.decoder(args.decoding, heads) if args.decoding else None
    stated = _read_costs(args.costs, heads)

    def predict(inputs: Inputs) -> Answers:
        found, inputs = predict_each(models, recipe, inputs, args.format, args.workers, decode)
        return inputs, ((index, _cheapest(one, stated)) for index, one in found)

    return Opened(heads, predict)


def _calibrated(one: Prediction, calibration: Mapping[str, Fitted], decoded: bool) -> Prediction:
    if not calibration:
        return one
    return replace(one, heads=[calibrated(found, calibration[found.head.name], decoded) for found in one.heads])


def _read_costs(file: Path | None, heads: Iterable[Head]) -> dict[str, Costs]:
    if file is None:
        return {}
    from tailwise.evaluation.costs.file import read_costs  # loads a reader of YAML

    return read_costs(file, heads)


def _cheapest(one: Prediction, stated: Mapping[str, Costs]) -> Prediction:
    """With the cheapest answers for the heads whose errors have costs."""
    heads = [answered(found, stated[found.head.name]) if found.head.name in stated else found for found in one.heads]
    return replace(one, heads=heads)
