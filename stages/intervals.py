"""Intervals of the validation figures, their targets, confusions, rare classes.

intervals.py RECIPE ANSWERS INDEX [--calibration FIGURES]

ANSWERS: the folder that `evaluate` wrote beside reports/metrics.json; INDEX: the table of the split's samples
FIGURES: what `calibrate` wrote; those of the method in use are the figures "calibration"
"""

import argparse
from pathlib import Path

from tailwise.core.files import read_json, write_json
from tailwise.core.heads import Head
from tailwise.core.params.config import read_params, section
from tailwise.evaluation.calibration.comparison import chosen_figures
from tailwise.evaluation.certificate import FEW, Targets, certify_split
from tailwise.evaluation.figures import head_figures, lines
from tailwise.evaluation.measure import measure
from tailwise.metrics.predictions import HEADLINE, read_predictions
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
    headline = read_json(args.answers / HEADLINE) if (args.answers / HEADLINE).exists() else []
    own = {
        **extra.figures,
        **({"headline": headline} if headline else {}),
        **({"calibration": chosen_figures(read_json(args.calibration))} if args.calibration else {}),
        "units": dict(recipe.score_units),
        "lines": list(extra.summary),
    }
    losses = {name: metrics[name]["loss"] for name in measured}
    rows, limits, _ = certify_split(measured, losses, target, {**metrics, **own}, recipe.sample_name)
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


if __name__ == "__main__":
    main()
