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
from tailwise.metrics.labels import Labels, labels_from_json, labels_to_json
from tailwise.metrics.predictions import HEADLINE, LABELS, Predictions, read_predictions
from tailwise.recipes.recipe import Extra, load_recipe


def main() -> None:
    args, params = arguments(), read_params()
    recipe, found = load_recipe(args.recipe), read_answers(args.answers)
    counts, metrics = read_json(Path("reports/classes.json"))["train"], read_json(Path("reports/metrics.json"))
    extra = recipe.extra(params, args.index, found, counts)
    calibration = {"calibration": chosen_figures(read_json(args.calibration))} if args.calibration else {}
    labels = labels_of(args.answers, found, extra, calibration)
    names = Names(recipe.sample_name, extra.label_name or "position", labels)
    target, figures = section(params, "certificate", Targets), {**metrics, **extra.figures, **calibration}
    made = judged(found, counts, target, figures, names)
    own = {**extra.figures, **optional("headline", beside(args.answers / HEADLINE, [])), **calibration}
    own |= {**optional("labels", labels_to_json(labels)), **optional("label_name", extra.label_name)}
    of_recipe = {"sample_name": recipe.sample_name, "units": dict(recipe.score_units), "lines": list(extra.summary)}
    write_json(Path("reports/intervals.json"), {**made, **own, **of_recipe})
    for name, file in extra.files.items():
        write_json(Path(f"reports/{name}.json"), file)
    for line in (*lines(made), *extra.lines):
        print(line)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("recipe")
    parser.add_argument("answers", type=Path)
    parser.add_argument("index", type=Path)
    parser.add_argument("--calibration", type=Path)
    return parser.parse_args()


def read_answers(folder: Path) -> dict[str, Predictions]:
    """{head: what `evaluate` predicted}"""
    heads = [Head(name, tuple(classes)) for name, classes in read_json(Path("data/index/heads.json")).items()]
    return {head.name: read_predictions(folder / f"{head.name}.csv", head) for head in heads}


def labels_of(folder: Path, found: dict[str, Predictions], extra: Extra, calibration: dict[str, Any]) -> Labels:
    """Names for people of all figures but those of the heads."""
    labels = {**labels_from_json(beside(folder / LABELS, {})), **extra.labels, **calibration_labels(calibration)}
    return {**labels, **known_labels(selective_figures(found), list(found))}


def judged(
    found: dict[str, Predictions], counts: dict[str, Any], target: Targets, figures: dict[str, Any], names: Names
) -> dict[str, Any]:
    """What intervals.json has of every pipeline. counts: {head: {class: training samples}}; figures: of validation"""
    measured = {name: measure(of_head) for name, of_head in found.items()}
    losses = {name: figures[name]["loss"] for name in measured}
    rows, limits, _ = certify_split(measured, losses, target, figures, names)
    return {
        "target": target.of_heads,
        "few": FEW,
        "limits": limits,
        "heads": {name: head_figures(of_head, counts[name]) for name, of_head in measured.items()},
        "targets": [row.to_json() for row in rows],
    }


def optional(name: str, value: Any) -> dict[str, Any]:
    """Empty where there is nothing of it."""
    return {name: value} if value else {}


def beside(file: Path, absent: Any) -> Any:
    """JSON that `evaluate` wrote only for a pipeline that has it."""
    return read_json(file) if file.exists() else absent


if __name__ == "__main__":
    main()
