"""Fit the calibration of a model to a split, and compare the methods on the answers of another.

calibrate.py RECIPE WEIGHTS FIT-FOLDER ANSWERS CALIBRATION FIGURES [--answers FOLDER] [--decoding FILE]

FIT-FOLDER: a prepared split that the model was not trained on; ANSWERS: what `evaluate` wrote, and its adjustment of
the logits is taken over; CALIBRATION: the fitted calibrators; --answers: the calibrated ones
--decoding: what `fit_decoding` fitted; ANSWERS that it decoded stay, and the figures are of the most probable classes
"""

import argparse
from pathlib import Path

from tailwise.core.files import read_json, write_json
from tailwise.core.params.config import read_params, section, sections
from tailwise.engine.evaluate.adjusted import evaluate_adjusted
from tailwise.engine.evaluate.inputs import ComputeConfig, trained_task
from tailwise.engine.monitor.backend import keep_backend
from tailwise.evaluation.adjustment import log_prior
from tailwise.evaluation.calibration.comparison import compare_methods
from tailwise.evaluation.calibration.fit import fit_all
from tailwise.evaluation.calibration.fitted import calibrated, write_calibration
from tailwise.evaluation.calibration.options import Calibration
from tailwise.metrics.predictions import read_predictions, write_predictions
from tailwise.recipes.recipe import load_recipe


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("recipe")
    for name in ("weights", "fit", "found", "calibration", "figures"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--answers", type=Path)
    parser.add_argument("--decoding", type=Path)
    args, params = parser.parse_args(), read_params()

    recipe, options = load_recipe(args.recipe), section(params, "calibration", Calibration)
    config, by = sections(params, recipe.config()), sections(params, ComputeConfig)
    task, run = trained_task(recipe, config, by, args.weights, args.fit)
    found = {head.name: read_predictions(args.found / f"{head.name}.csv", head) for head in task.heads}
    taus = {name: of_head.tau for name, of_head in found.items() if of_head.tau is not None}
    counts = read_json(Path("reports/classes.json"))["train"] if taus else {}
    held_out = evaluate_adjusted(task, run, taus, {name: log_prior(counts[name]).tolist() for name in taus})
    fitted = {name: fit_all(of_head, options.grid) for name, of_head in held_out.predictions.items()}
    chosen = {name: of_head[options.method] for name, of_head in fitted.items()}
    write_calibration(args.calibration, chosen)
    decoded = bool(args.decoding and recipe.decoder(args.decoding, task.heads))
    figures = {name: compare_methods(found[name], of_head, options, decoded) for name, of_head in fitted.items()}
    write_json(args.figures, figures)
    for name, of_head in found.items() if args.answers else ():
        write_predictions(args.answers / f"{name}.csv", calibrated(of_head, chosen[name], decoded))
    for name, of_head in figures.items():
        before, after = of_head["none"]["ece"], of_head[options.method]["ece"]
        print(f"{name}: {options.method} calibration, ECE {before:.4f} -> {after:.4f} on validation")
    keep_backend(run.device)


if __name__ == "__main__":
    main()
