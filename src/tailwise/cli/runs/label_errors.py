"""Probably wrong labels, by the answers of a cross-validation: ``tailwise label-errors``, in the pipeline's folder."""

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import astuple, fields, replace
from pathlib import Path

from tailwise.cli.runs.common import check_folder, recipe_of
from tailwise.core.errors import UserError, escape_output
from tailwise.core.files import read_csv, read_json, write_csv, write_text
from tailwise.core.heads import Head
from tailwise.crossvalidation.page import Found, render
from tailwise.evaluation.label_errors import Suspect, suspects
from tailwise.metrics.predictions import Predictions, read_predictions
from tailwise.recipes.recipe import Recipe

SPLITS = (Path("data/clips"), Path("data/prepared"))
"""Where pipelines have their prepared splits."""


def label_errors(args: argparse.Namespace, folder: Path = Path(".")) -> None:
    """args: answers, most, splits, out, html. Raises UserError where there is no cross-validation."""
    escape_output(sys.stdout)
    check_folder(folder)
    answers = read_answers(args.answers)
    found = [Found(head, suspects(of_head), len(of_head.labelled)) for head, of_head in answers.items()]
    write_csv(args.out, [each.name for each in fields(Suspect)], (astuple(one) for of in found for one in of.suspects))
    shown = [replace(of, suspects=of.suspects[: args.most], left=len(of.suspects[args.most :])) for of in found]
    names = {one.sample for head in shown for one in head.suspects}
    heads = tuple(found.head for found in answers.values())
    write_text(args.html, render(shown, pictures(recipe_of(folder), args.splits or there(folder), heads, names)))
    print("\n".join(f"{of.head}: {len(of.suspects)} of {of.labels} labels are probably wrong" for of in found))
    print(f"{args.out}\n{args.html.resolve().as_uri()}")


def read_answers(folder: Path) -> dict[str, Predictions]:
    """{head: predictions} as `tailwise crossvalidate` wrote them."""
    if not (folder / "heads.json").is_file():
        raise UserError(f"{folder}: has no answers of a cross-validation: run `tailwise crossvalidate` first")
    heads = [Head(name, tuple(classes)) for name, classes in read_json(folder / "heads.json").items()]
    return {head.name: read_predictions(folder / f"{head.name}.csv", head) for head in heads}


def there(folder: Path) -> Path | None:
    """The folder of this pipeline's prepared splits, where it is one of SPLITS."""
    return next((folder / each for each in SPLITS if (folder / each).is_dir()), None)


def pictures(recipe: Recipe | None, splits: Path | None, heads: Sequence[Head], names: set[str]) -> Mapping[str, str]:
    """{sample: data URI of its film strip or picture}, of the samples that the prepared splits have."""
    found: dict[str, str] = {}
    for manifest in sorted(splits.glob("*/manifest.csv")) if recipe and splits else []:
        have = list(dict.fromkeys(row["sample"] for row in read_csv(manifest) if row["sample"] in names - found.keys()))
        previews = recipe.show(manifest.parent, tuple(heads), have) if recipe else []
        for name, preview in zip(have, previews, strict=True):
            found.update((name, uri) for uri in preview.values() if str(uri).startswith("data:image/"))
    return found
