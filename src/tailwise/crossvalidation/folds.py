"""The runs of a cross-validation: a sweep whose rows are the folds."""

from collections.abc import Mapping
from typing import Any

from tailwise.compare.lock import ABSENT, lookup
from tailwise.compare.revision import PARAMS, SEED
from tailwise.compare.sweeps.sweep import Sweep
from tailwise.core.errors import UserError

SECTION = "resampling"
TEACHERS, OF_THE_RUN = "distillation.teachers", "data/models/"
"""Weights of an earlier phase are of the same fold; any other file may be of all samples."""


def folds_sweep(params: Mapping[str, Any], folds: int, draw: int) -> Sweep:
    """A row a fold, all with the seed of params.yaml. draw: seed of the folds

    Raises UserError for a pipeline that has no resampling, or where params.yaml already asks for a fold.
    """
    if lookup(params, SECTION) is ABSENT:
        raise UserError(f"{PARAMS}: has no section {SECTION}: this pipeline has no cross-validation")
    if lookup(params, f"{SECTION}.folds"):
        raise UserError(f"{PARAMS}: {SECTION}.folds must be 0: the folds are what this command sets")
    for name, path in (lookup(params, TEACHERS) or {}).items() if lookup(params, TEACHERS) is not ABSENT else ():
        if not path.startswith(OF_THE_RUN):
            raise UserError(
                f"{PARAMS}: {TEACHERS}.{name}: {path} has seen the labels that a fold is validated on: set it to {{}}, "
                f"or to a model of the run itself, in {OF_THE_RUN}"
            )
    rows = {
        f"fold {number}": {f"{SECTION}.folds": folds, f"{SECTION}.fold": number, f"{SECTION}.seed": draw}
        for number in range(folds)
    }
    seed = lookup(params, SEED)
    return Sweep(f"Cross-validation in {folds} folds", 1, 1 if seed is ABSENT else seed, rows=rows)
