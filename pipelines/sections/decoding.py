"""Compare the kinds of decoding on the validation songs, with the model of the run in this folder.

Each is fitted to the training songs and chosen on the calibration songs, as the stage fit_decoding does, with the
settings that it tries by default. Prints boundary F1 at each tolerance, F1 of whole sections, and macro F1 and accuracy
of positions. In this folder, after the pipeline has run:

    PYTHONPATH=../../src:. python3 decoding.py
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np

from tailwise.core.batch import Batch, Outputs
from tailwise.core.errors import UserError
from tailwise.core.params.config import read_params, sections
from tailwise.engine.contract.task import Task
from tailwise.engine.evaluate.inputs import ComputeConfig, trained_task
from tailwise.engine.evaluate.validate import forward_all
from tailwise.evaluation.calibration.options import Calibration
from tailwise.recipes.sections.decoding.fit import DecodingParams, choose_decoding, settings
from tailwise.recipes.sections.decoding.fitted import FittedDecoding, decoder
from tailwise.recipes.sections.decoding.kinds import Decoding, Durations, MostProbable, Novelty
from tailwise.recipes.sections.recipe import RECIPE

PREPARED, TRAINED = Path("data/prepared"), Path("data/models/selected.safetensors")
KINDS: tuple[Decoding, ...] = (MostProbable("most_probable"), Durations("durations"), Novelty("novelty"))

Songs = Sequence[tuple[Batch, Outputs]]


def outputs_on(split: Path, weights: Path) -> tuple[Task, Songs]:
    """The task on a prepared split, and what trained weights give for its songs."""
    params = read_params()
    task, run = trained_task(RECIPE, sections(params, RECIPE.config()), sections(params, ComputeConfig), weights, split)
    task.model.to(run.device)
    return task, list(forward_all(task, run))


def figures(task: Task, songs: Songs, fitted: FittedDecoding) -> dict[str, float]:
    """Of the decoded answers, as `evaluate` counts them."""
    head = task.heads[0].name
    decode = decoder({head: fitted})
    decoded = [(outputs | decode(batch.inputs, outputs) if decode else outputs, batch) for batch, outputs in songs]
    found: dict[str, Any] = {}
    for name in ("boundaries", "segments", head):
        metric: Any = task.metrics[name]
        found[name] = metric.value(np.sum([metric.part(*pair) for pair in decoded], axis=0))
    boundaries = {
        f"boundary {name}": found["boundaries"][name] for name in cast(Any, task.metrics["boundaries"]).headline
    }
    rest = {"segments f1": found["segments"]["f1"], **{name: found[head][name] for name in ("macro_f1", "accuracy")}}
    return {name: value or 0.0 for name, value in (boundaries | rest).items()}


def compare(task: Task, train: Path, held_out: Songs, valid: Songs, how: Calibration) -> dict[str, dict[str, float]]:
    """{decoding: figures on the validation songs}. train: a prepared split; held_out: the calibration songs"""
    found: dict[str, dict[str, float]] = {}
    for kind in KINDS:
        fitted, _ = choose_decoding(DecodingParams(kind, how), train, task, held_out)
        chosen = ", ".join(f"{name} {value:g}" for name, value in settings(fitted).items())
        found[f"{kind.kind} {chosen}".strip()] = figures(task, valid, fitted)
    return found


def main() -> int:
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    if not TRAINED.is_file():
        raise UserError(f"{TRAINED}: not there: run the pipeline first, with dvc repro")
    how = sections(read_params(), DecodingParams).calibration
    (task, held_out), (_, valid) = (outputs_on(PREPARED / split, TRAINED) for split in ("calibration", "valid"))
    found = compare(task, PREPARED / "train", held_out, valid, how)
    names = list(next(iter(found.values())))
    print(f"{'':32}" + "".join(f"{name:>16}" for name in names))
    for name, values in found.items():
        print(f"{name:32}" + "".join(f"{value:16.3f}" for value in values.values()), flush=True)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except UserError as error:
        sys.exit(str(error))
