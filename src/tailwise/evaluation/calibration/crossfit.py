"""Calibration by cross-fitting: nothing is set aside, and no sample is measured with what was fitted to it."""

# scikit-learn has no types.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportMissingTypeStubs=false

import warnings
from collections.abc import Iterator

import numpy as np
from sklearn.model_selection import StratifiedGroupKFold

from tailwise.evaluation.calibration.fit import fit_all
from tailwise.evaluation.calibration.fitted import calibrated
from tailwise.evaluation.calibration.options import METHODS, Calibration, Method
from tailwise.metrics.predictions import Predictions, concatenate

FOLDS, SEED = 5, 7


def can_cross_fit(found: Predictions) -> bool:
    """Whether at least two groups have labels, so that one can be measured with what was fitted to another."""
    return len(set(found.labelled.groups)) > 1


def cross_fitted(found: Predictions, options: Calibration) -> dict[Method, Predictions]:
    """{method: the labelled rows, each calibrated by what was fitted to the groups of the other folds}.

    found: predictions of a split that the model was not trained on, of which `can_cross_fit` is true
    """
    known = found.labelled
    parts: dict[Method, list[Predictions]] = {method: [] for method in METHODS}
    for held_out in folds(known):
        for method, fitted in fit_all(known.take(~held_out), options.grid).items():
            parts[method].append(calibrated(known.take(held_out), fitted))
    return {method: concatenate(of_method) for method, of_method in parts.items()}


def folds(known: Predictions) -> Iterator[np.ndarray]:
    """Masks (N,) of FOLDS parts with whole groups, stratified by class; of fewer where there are fewer groups."""
    names, groups = np.unique(np.array(known.groups), return_inverse=True)
    parts = StratifiedGroupKFold(min(FOLDS, len(names)), shuffle=True, random_state=SEED)
    with warnings.catch_warnings(action="ignore", category=UserWarning):  # of classes rarer than the folds
        for _, held_out in parts.split(groups, known.targets, groups):
            yield np.isin(np.arange(len(known)), held_out)
