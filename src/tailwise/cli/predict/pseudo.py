"""`tailwise pseudo-label`: labels by a model for unlabelled samples, which a later training takes, too."""

import argparse
import hashlib
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from tailwise.balance.counts import count_classes
from tailwise.cli.predict.command import calibration_of, check_writable, find_recipe
from tailwise.cli.predict.opened import is_ensemble, open_model
from tailwise.core.errors import UserError, escape_output, print_error
from tailwise.core.files import read_csv, read_json
from tailwise.core.heads import Head
from tailwise.core.params.config import read_params, section
from tailwise.data.tables.pseudo import PSEUDO, held_out_key
from tailwise.data.tables.spelling import clean_name
from tailwise.evaluation.calibration.fitted import Fitted, calibrated, check_classes
from tailwise.pseudo.selection import Rule, select_heads
from tailwise.pseudo.table import Facts, Labelled, write_pseudo
from tailwise.recipes.prediction import Inputs, Prediction, Unlabelled
from tailwise.recipes.recipe import Recipe

Rows = dict[str, dict[str, str]]
"""{part of a sample: its row}"""


@dataclass(frozen=True)
class Known:
    """The pipeline's index: {split: rows}, and {head: classes}."""

    splits: Mapping[str, Sequence[Mapping[str, str]]]
    classes: Mapping[str, Sequence[str]]

    def labelled(self) -> dict[str, dict[str, int]]:
        """{head: {class: training samples that people labelled}}"""
        samples = {row["sample"]: row for row in self.splits["train"] if not row.get(PSEUDO)}
        return count_classes({head: [row[head] for row in samples.values()] for head in self.classes}, self.classes)

    def held_out(self) -> str:
        return held_out_key(*([row["sample"] for row in self.splits[split]] for split in ("valid", "test")))


def pseudo_label(args: argparse.Namespace) -> None:
    """args: of cli/predict/arguments.py. Raises UserError; invalid inputs are rejected before torch is imported."""
    escape_output(sys.stdout)
    check_writable(args.out)
    if args.out.suffix != ".csv":
        raise UserError(f"--out {args.out}: name a .csv")
    if is_ensemble(args.weights):
        raise UserError(f"{args.weights}: labels are made by one model: give its weights file")
    known = read_index(args.index)
    rules = read_rules(args, known.classes)
    recipe, calibration = find_recipe(args.weights, args.recipe), calibration_of(args)
    root = Path(section(read_params(), "data.root", str))
    inputs = recipe.find_inputs(args)
    for note in inputs.notes:
        print_error(note)
    rows = rows_of(inputs, root)
    _check_apart([row for of_sample in rows for row in of_sample.values()], known, root, inputs.source)
    predictions = predict_all(args, recipe, inputs, calibration, known)
    found = _taken(predictions, rows, known, rules)
    facts = Facts(
        _hash(args.weights), _hash(args.calibration), known.held_out(), rules, known.labelled(), len(predictions)
    )
    _report(found, facts, args.out, recipe.sample_name)


def read_index(folder: Path) -> Known:
    """What the stage index wrote. UserError if a table is absent or empty."""
    splits = {split: read_csv(folder / f"{split}.csv") for split in ("train", "valid", "test")}
    for split, rows in splits.items():
        if not rows:
            raise UserError(f"{folder / split}.csv: has no row: run the stage index")
    return Known(splits, read_json(folder / "heads.json"))


def read_rules(args: argparse.Namespace, heads: Mapping[str, Any]) -> dict[str, Rule]:
    """{head: rule} of --threshold, --ratio and --alpha; --threshold is X, or HEAD=X for one head."""
    thresholds = dict.fromkeys(heads, Rule.threshold)
    wanted: list[str] = args.threshold or []
    for given in sorted(wanted, key=lambda given: "=" in given):  # that of one head counts more
        head, _, value = given.rpartition("=")
        if head and head not in heads:
            raise UserError(f"--threshold {given}: there is no head {head}; there are: {', '.join(heads)}")
        try:
            thresholds |= dict.fromkeys([head] if head else heads, float(value))
        except ValueError as error:
            raise UserError(f"--threshold {given}: must be a number, or HEAD=NUMBER") from error
    try:
        return {head: Rule(least, args.ratio or None, args.alpha) for head, least in thresholds.items()}
    except ValueError as error:
        raise UserError(f"--{error}") from error


def rows_of(inputs: Inputs, root: Path) -> list[Rows]:
    """Of each sample the rows, with paths from the data root; UserError for samples that no table can list."""
    found: list[Rows] = []
    for sample in inputs.samples:
        if not isinstance(sample, Unlabelled):
            raise UserError(f"{inputs.source}: {inputs.sample_name}s of this recipe cannot be listed in a table")
        rows = sample.rows(inputs.split)
        found.append({part: _as_indexed(row, root) for part, row in rows.items()})
    names = [next(iter(rows.values()), {}).get("sample", "") for rows in found]
    if "" in names or len(set(names)) < len(names):
        raise UserError(f"{inputs.source}: samples need names of their own: give a split, a folder or a table")
    return found


def _as_indexed(row: Mapping[str, str], root: Path) -> dict[str, str]:
    """Names as the index spells them, and a path from the data root."""
    return {**row, **{name: clean_name(row[name]) for name in ("sample", "group")}, "path": _below(row["path"], root)}


def _below(path: str, root: Path) -> str:
    """The path from the data root. A link below it counts as a file there, as in training."""
    try:
        return Path(os.path.abspath(path)).relative_to(os.path.abspath(root)).as_posix()
    except ValueError as error:
        advice = "training reads only what is there: move or link the file into it"
        raise UserError(f"{path}: is not below data.root {root}: {advice}") from error


def _check_apart(rows: list[dict[str, str]], known: Known, root: Path, source: str) -> None:
    """As training will: refuses what is labelled already, or shares a group or file with what is held out.

    Fills the column content of each row; "" for a file that is not there.
    """
    from tailwise.core.tables import text_table  # loads pandas
    from tailwise.data.tables.checks.contents import contents_of
    from tailwise.data.tables.checks.pseudo import check_apart
    from tailwise.data.tables.rows import Index

    contents = contents_of(root, [row["path"] for row in rows])
    by_people = [row for row in known.splits["train"] if not row.get(PSEUDO)]  # labels of a round before are replaced
    for row in rows:
        row["content"] = contents[row["path"]][0]
    splits = {**known.splits, "train": by_people}
    tables = {name: text_table(list(of[0]), [list(row.values()) for row in of]) for name, of in splits.items()}
    columns = ("sample", "group", "path", "content")
    given = text_table(columns, [[row[name] for name in columns] for row in rows])
    check_apart(given, Index({}, tables, {}, {}), source)


def predict_all(
    args: argparse.Namespace, recipe: Recipe, inputs: Inputs, calibration: Mapping[str, Fitted], known: Known
) -> dict[int, Prediction]:
    """{place in the inputs: calibrated prediction} of the samples that can be used."""
    predictor, spec = open_model(args, recipe)
    check_classes(args.calibration, calibration, predictor.heads)
    check_heads(args.weights, predictor.heads, known.classes)
    samples = recipe.read_samples(recipe.fit_inputs(inputs, spec, None), spec, args.workers)
    found = {sample.index: predictor.predict(sample) for sample in samples}
    if any(of_head.positions is not None for one in found.values() for of_head in one.heads):
        raise UserError("pseudo-labels are of samples with one label a head, not of sequences")
    return {
        index: replace(one, heads=[calibrated(of, calibration[of.head.name], False) for of in one.heads])
        for index, one in sorted(found.items())
    }


def check_heads(weights: Path, heads: Sequence[Head], classes: Mapping[str, Sequence[str]]) -> None:
    """Raise UserError for a model of other heads or classes than the index."""
    if {head.name: list(head.classes) for head in heads} != {name: list(of) for name, of in classes.items()}:
        raise UserError(f"{weights}: its heads or classes are not those of data/index: it is of other data")


def _taken(
    predictions: Mapping[int, Prediction], rows: Sequence[Rows], known: Known, rules: Mapping[str, Rule]
) -> Labelled:
    """Of each sample only the rows of the parts that the prediction used."""
    used = [
        [row for part, row in rows[index].items() if not one.parts or part in one.parts]
        for index, one in predictions.items()
    ]
    names = [of_sample[0]["sample"] for of_sample in used]
    empty = {head: np.zeros((0, len(of))) for head, of in known.classes.items()}
    likely = {
        head: np.concatenate([of_head.known_probabilities for of_head in column], dtype=float)
        for head, column in zip(known.classes, zip(*(one.heads for one in predictions.values())))
    }
    counts = {head: np.array(list(of.values())) for head, of in known.labelled().items()}
    return Labelled(used, known.classes, select_heads(likely or empty, names, counts, rules))


def _hash(file: Path) -> str:
    with open(file, "rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _report(found: Labelled, facts: Facts, out: Path, sample_name: str) -> None:
    """Write the table, unless nothing is sure enough, and say what to put into params.yaml."""
    for head, counts in found.counts().items():
        each = ", ".join(f"{name} {n} of {facts.labelled[head][name]}" for name, n in counts.items() if n)
        print(
            f"{head}: {sum(counts.values())} of {facts.predicted} {sample_name}s"
            + (f" ({each} labelled)" if each else "")
        )
    if not any(sum(counts.values()) for counts in found.counts().values()):
        raise UserError("no prediction is sure enough: lower --threshold")
    digest = write_pseudo(out, found, facts)
    print(f"{out}: to train with it, `git add` it and {out.with_suffix('.json').name}, and set in params.yaml")
    print(f"data:\n  pseudo: {{file: {out.as_posix()}, sha256: {digest}}}")
