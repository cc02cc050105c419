"""Intervals of the validation figures, their targets, confusions, rare classes: intervals.py RECIPE ANSWERS INDEX.

ANSWERS: the folder that `evaluate` wrote beside reports/metrics.json; INDEX: the table of the split's samples
"""

import argparse
from dataclasses import asdict
from pathlib import Path

from tailwise.core.files import read_json, write_json
from tailwise.core.heads import Head
from tailwise.core.params.config import read_params, section
from tailwise.evaluation.certificate import FEW, Targets, certify_split
from tailwise.evaluation.figures import head_figures, lines
from tailwise.evaluation.measure import measure
from tailwise.metrics.predictions import read_predictions
from tailwise.recipes.recipe import load_recipe


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("recipe")
    parser.add_argument("answers", type=Path)
    parser.add_argument("index", type=Path)
    args, params = parser.parse_args(), read_params()

    heads = [Head(name, tuple(classes)) for name, classes in read_json(Path("data/index/heads.json")).items()]
    counts, metrics = read_json(Path("reports/classes.json"))["train"], read_json(Path("reports/metrics.json"))
    target = section(params, "certificate", Targets)
    found = {head.name: read_predictions(args.answers / f"{head.name}.csv", head) for head in heads}
    measured = {name: measure(of_head) for name, of_head in found.items()}
    figures = {name: head_figures(of_head, counts[name]) for name, of_head in measured.items()}
    recipe = load_recipe(args.recipe)
    extra = recipe.extra(params, args.index, found, counts)
    own = {**extra.figures, "units": dict(recipe.score_units), "lines": list(extra.summary)}
    rows, limits, _ = certify_split(measured, {name: metrics[name]["loss"] for name in measured}, target)
    made = {
        "target": asdict(target),
        "few": FEW,
        "limits": limits,
        "heads": figures,
        "targets": list(map(asdict, rows)),
    }
    write_json(Path("reports/intervals.json"), {**made, **own})
    for name, file in extra.files.items():
        write_json(Path(f"reports/{name}.json"), file)
    for line in (*lines(made), *extra.lines):
        print(line)


if __name__ == "__main__":
    main()
