"""`tailwise predict`: classifies new samples, given only a weights file."""

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from tailwise.cli.predict.opened import is_ensemble, open_predictor
from tailwise.cli.predict.output import FORMATS, Format
from tailwise.core.errors import UserError, escape, print_error, shorten
from tailwise.core.files import write_bytes
from tailwise.engine.checkpoint.header import read_facts
from tailwise.ensemble.file import Part, read_ensemble
from tailwise.evaluation.calibration.fitted import Fitted, read_calibration
from tailwise.recipes.recipe import Recipe, load_recipe, names


def predict(args: argparse.Namespace) -> None:
    """args: of cli/main.py. Raises UserError; invalid inputs are rejected before the slow import of torch."""
    if args.out:
        check_writable(args.out)
    if args.costs and args.decoding:
        raise UserError("--costs: decoded answers are of whole sequences: leave --costs or --decoding out")
    parts = read_parts(args) if args.model is None else []
    recipe = find_common(parts, args.recipe) if args.model is None else recipe_of_folder(args)
    form = find_format(recipe, args.format)
    calibration = calibration_of(args)
    inputs = recipe.find_inputs(args)
    for note in inputs.notes:
        print_error(note)
    inputs, answers = open_predictor(args, parts, recipe, calibration).predict(inputs)
    found = dict(answers)
    predictions = [found[index] for index in sorted(found)]
    if not predictions:
        raise UserError(f"{inputs.source}: no {inputs.sample_name} of it can be used")
    text = (form or known_formats(recipe)[inputs.form])(predictions, replace(inputs, split=args.set or inputs.split))
    if args.out:
        write_bytes(args.out, text.encode("utf8", "backslashreplace"))
    else:
        sys.stdout.write("\t".join(map(escape, text.split("\t"))))  # tabs separate columns, and do no harm
        sys.stdout.flush()


def find_recipe(weights: Path, module: str | None) -> Recipe:
    """The recipe that wrote a weights file. The file can name those of this package alone; module: another's"""
    return recipe_named(weights, read_facts(weights).get("recipe"), module)


def calibration_of(args: argparse.Namespace) -> Mapping[str, Fitted]:
    """{head: calibrator} of --calibration, else of the exported folder where it has one; empty: none."""
    if args.calibration:
        return read_calibration(args.calibration)
    if args.model is None:
        return {}
    from tailwise.export.run.folder import read_card

    return read_card(args.model).calibration


def recipe_of_folder(args: argparse.Namespace) -> Recipe:
    """The recipe that an exported folder names; UserError for what a folder cannot do."""
    from tailwise.export.run.folder import read_card

    if args.decoding is not None:
        raise UserError("--decoding needs a weights file: give --weights instead of --model")
    return recipe_named(args.model, read_card(args.model).recipe, args.recipe)


def recipe_named(weights: Path, name: Any, module: str | None) -> Recipe:
    """weights: the file or folder that names it, for messages; module: as of `find_recipe`"""
    if module is not None:
        sys.path.insert(0, os.getcwd())  # for a pipeline's own package
        recipe = load_recipe(module)
        if recipe.name != name:
            raise UserError(f"{weights}: written by the recipe {shorten(repr(name))}, not by {recipe.name} of --recipe")
        return recipe
    if isinstance(name, str) and name in names():
        return load_recipe(f"tailwise.recipes.{name}")
    wrote = f"the unknown recipe {shorten(repr(name))}" if name else "no recipe, or by an older version: train it again"
    raise UserError(f"{weights}: written by {wrote}; known recipes: {', '.join(names())}; see --recipe")


def read_parts(args: argparse.Namespace) -> list[Part]:
    """The weights file alone, or the members of an ensemble."""
    if not is_ensemble(args.weights):
        return [Part(args.weights, 1.0)]
    if args.calibration:
        raise UserError(f"--calibration is of one model, not of the ensemble {args.weights}: leave it out")
    return read_ensemble(args.weights)


def find_common(parts: Sequence[Part], module: str | None) -> Recipe:
    """`find_recipe` of all members; UserError for one of another recipe than the first one's."""
    recipe = find_recipe(parts[0].path, module)
    for part in parts[1:]:
        if (name := read_facts(part.path).get("recipe")) != recipe.name:
            raise UserError(f"{part.path}: written by the recipe {shorten(repr(name))}, not by {recipe.name}")
    return recipe


def known_formats(recipe: Recipe) -> dict[str, Format]:
    """The shared formats and the recipe's, of which one may replace a shared one."""
    return {**FORMATS, **recipe.formats()}


def find_format(recipe: Recipe, name: str | None) -> Format | None:
    """A shared or recipe format by name; None without --format."""
    known = known_formats(recipe)
    if name is not None and name not in known:
        raise UserError(f"--format {name} is unknown; there are: {', '.join(known)}")
    return None if name is None else known[name]


def check_writable(path: Path, option: str = "--out") -> None:
    """Raise UserError early if the output file cannot be written."""
    folder = next(parent for parent in path.absolute().parents if parent.exists())
    if path.is_dir() or not folder.is_dir() or not os.access(folder, os.W_OK):
        raise UserError(f"{path}: cannot be written; give {option} another file")
