"""Cross-validation by group: ``tailwise crossvalidate``, in the pipeline's folder. Each fold is a DVC experiment."""

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path

from tailwise.cli.runs.common import check_folder, recipe_of
from tailwise.cli.runs.compare import check_failed, find_todo, run_cells
from tailwise.compare.answers import Store, absent_line
from tailwise.compare.revision import PARAMS, read_revision
from tailwise.compare.sweeps.sweep import cells
from tailwise.core.errors import UserError, escape_output
from tailwise.core.files import write_json, write_text
from tailwise.core.params.config import read_params
from tailwise.crossvalidation.folds import folds_sweep
from tailwise.crossvalidation.pooled import CrossValidation, cross_validation
from tailwise.crossvalidation.text import markdown, terminal
from tailwise.metrics.predictions import Predictions, write_predictions


def crossvalidate(args: argparse.Namespace, folder: Path = Path(".")) -> None:
    """args: folds, draw, workers, only_list, answers, markdown

    Raises UserError for what cannot be run, and at the end for folds that failed.
    """
    escape_output(sys.stdout)
    check_folder(folder)
    params = read_params(folder / PARAMS)
    sweep = folds_sweep(params, args.folds, args.draw)
    wanted = list(cells(sweep, params))
    todo = find_todo(folder, sweep, wanted)
    if args.only_list:
        print(*todo, sep="\n")
        return
    check_failed(run_cells(folder, sweep, todo, args.workers), len(todo))
    found = cross_validation(read_answers(folder, {cell.label: cell.name for cell in wanted}))
    recipe = recipe_of(folder)
    name = recipe.sample_name if recipe else "sample"
    write_answers(args.answers, found)
    write_text(args.markdown, markdown(found, name))
    print(f"\n{terminal(found, name)}\n\n{args.markdown}\n{args.answers}")


def read_answers(folder: Path, experiments: Mapping[str, str]) -> dict[str, dict[str, Predictions]]:
    """{fold: {head: predictions on it}}. experiments: {fold: name}; UserError for predictions that are not here"""
    store = Store(folder)
    found = {fold: store.read(read_revision(folder, name)) for fold, name in experiments.items()}
    if absent := [experiments[fold] for fold, of_fold in found.items() if not of_fold]:
        raise UserError(absent_line(absent))
    return found


def write_answers(folder: Path, found: CrossValidation) -> None:
    """A table of predictions for each head, as the stage `evaluate` writes them, and the heads' classes."""
    for head, measured in found.heads.items():
        write_predictions(folder / f"{head}.csv", measured.predictions)
    classes = {head: list(measured.predictions.head.classes) for head, measured in found.heads.items()}
    write_json(folder / "heads.json", classes)
