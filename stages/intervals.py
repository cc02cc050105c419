"""Intervals of the validation figures, their targets, confusions, rare classes.

intervals.py RECIPE ANSWERS INDEX [--calibration FIGURES]

ANSWERS: the folder that `evaluate` wrote beside reports/metrics.json; INDEX: the table of the split's samples
FIGURES: what `calibrate` wrote; those of the method in use are the figures "calibration"
"""

import argparse
from pathlib import Path
from typing import Any

from tailwise.core.files import read_json, write_json
from tailwise.core.heads import Head
from tailwise.core.params.config import read_params, section
from tailwise.evaluation.calibration.comparison import chosen_figures
from tailwise.evaluation.calibration.measures import calibration_labels
from tailwise.evaluation.certificate import Targets, certify_split
from tailwise.evaluation.figures import head_figures, lines
from tailwise.evaluation.limits import FEW, Names
from tailwise.evaluation.measure import measure
from tailwise.evaluation.selective import known_labels, selective_figures
from tailwise.metrics.labels import labels_from_json, labels_to_json
from tailwise.metrics.predictions import HEADLINE, LABELS, read_predictions
from tailwise.recipes.recipe import load_recipe


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("recipe")
    parser.add_argument("answers", type=Path)
    parser.add_argument("index", type=Path)
    parser.add_argument("--calibration", type=Path)
    args, params = parser.parse_args(), read_params()

    heads = [Head(name, tuple(classes)) for name, classes in read_json(Path("data/index/heads.json")).items()]
    counts, metrics = read_json(Path("reports/classes.json"))["train"], read_json(Path("reports/metrics.json"))
    target = section(params, "certificate", Targets)
    found = {head.name: read_predictions(args.answers / f"{head.name}.csv", head) for head in heads}
    measured = {name: measure(of_head) for name, of_head in found.items()}
    figures = {name: head_figures(of_head, counts[name]) for name, of_head in measured.items()}
    recipe = load_recipe(args.recipe)
    extra = recipe.extra(params, args.index, found, counts)
    calibration = {"calibration": chosen_figures(read_json(args.calibration))} if args.calibration else {}
    labels = labels_from_json(beside(args.answers / LABELS, {}))
    labels = {**labels, **extra.labels, **calibration_labels(calibration)}
    labels |= known_labels(selective_figures(found), list(found))
    headline = beside(args.answers / HEADLINE, [])
    own = {
        **extra.figures,
        **({"headline": headline} if headline else {}),
        **calibration,
        **({"labels": labels_to_json(labels)} if labels else {}),
        **({"label_name": extra.label_name} if extra.label_name else {}),
        "sample_name": recipe.sample_name,
        "units": dict(recipe.score_units),
        "lines": list(extra.summary),
    }
    losses = {name: metrics[name]["loss"] for name in measured}
    names = Names(recipe.sample_name, extra.label_name or "position", labels)
    rows, limits, _ = certify_split(measured, losses, target, {**metrics, **extra.figures, **calibration}, names)
    made = {
        "target": target.of_heads,
        "few": FEW,
        "limits": limits,
        "heads": figures,
        "targets": [row.to_json() for row in rows],
    }
    write_json(Path("reports/intervals.json"), {**made, **own})
    for name, file in extra.files.items():
        write_json(Path(f"reports/{name}.json"), file)
    for line in (*lines(made), *extra.lines):
        print(line)


def beside(file: Path, absent: Any) -> Any:
    """JSON that `evaluate` wrote only for a pipeline that has it."""
    return read_json(file) if file.exists() else absent


if __name__ == "__main__":
    main()
