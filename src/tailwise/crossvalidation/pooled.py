"""What the folds of a cross-validation say together. Pure functions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tailwise.core.errors import UserError
from tailwise.evaluation.intervals import SINGLE, class_figures, count_classes
from tailwise.evaluation.measure import Measured, measure
from tailwise.metrics.predictions import Predictions, concatenate


@dataclass(frozen=True)
class Fold:
    """samples, groups: numbers; figures: {head: {figure of SINGLE: value}}"""

    name: str
    samples: int
    groups: int
    figures: dict[str, dict[str, float]]


@dataclass(frozen=True)
class CrossValidation:
    """folds: in their order; heads: {head: the answers to all samples, each by the model that was not trained on it}"""

    folds: list[Fold]
    heads: dict[str, Measured]

    @property
    def samples(self) -> int:
        return sum(fold.samples for fold in self.folds)

    @property
    def groups(self) -> int:
        return sum(fold.groups for fold in self.folds)


def cross_validation(answers: Mapping[str, Mapping[str, Predictions]]) -> CrossValidation:
    """answers: {fold: {head: predictions on it}}

    Raises UserError for folds with different classes, and for a sample or group in two of them.
    """
    check_folds(answers)
    folds = [_fold(name, of_fold) for name, of_fold in answers.items()]
    heads = next(iter(answers.values()))
    pooled = {head: concatenate([of_fold[head] for of_fold in answers.values()]) for head in heads}
    return CrossValidation(folds, {head: measure(found) for head, found in pooled.items()})


def check_folds(answers: Mapping[str, Mapping[str, Predictions]]) -> None:
    """Raises UserError as `cross_validation` says."""
    classes = {name: {head: found.head.classes for head, found in of.items()} for name, of in answers.items()}
    first, seen = next(iter(classes)), dict[str, str]()
    for name, of_fold in answers.items():
        if classes[name] != classes[first]:
            raise UserError(f"{name} has other classes than {first}: run all folds with the same data and code")
        for sample in sorted(_names(of_fold)):
            if (other := seen.setdefault(sample, name)) != name:
                raise UserError(f"{sample} is in {other} and {name}: run all folds with the same data and code")


def _fold(name: str, of_fold: Mapping[str, Predictions]) -> Fold:
    groups = {group for found in of_fold.values() for group in found.groups}
    return Fold(name, len(_names(of_fold)), len(groups), {head: _figures(found) for head, found in of_fold.items()})


def _figures(found: Predictions) -> dict[str, float]:
    """Of one fold; a class without a label in it is left out of the means."""
    known, classes = found.labelled, len(found.head.classes)
    counts = count_classes(known.targets, known.predicted, np.ones(len(known)), classes)
    made = class_figures(counts, np.arange(classes))
    return {name: made[name] for name in SINGLE}


def _names(of_fold: Mapping[str, Predictions]) -> set[str]:
    return {sample for found in of_fold.values() for sample in found.samples}


def spread(values: Sequence[float]) -> tuple[float, float]:
    """(mean, standard deviation) over the folds, at least two."""
    return float(np.mean(values)), float(np.std(values, ddof=1))
