"""Evaluate a model on a split: evaluate.py RECIPE WEIGHTS SPLIT-FOLDER FIGURES [--answers FOLDER] [--decoding FILE].

--decoding: what `fit_decoding` fitted; without it answers are the most probable classes
"""

import argparse
from pathlib import Path

from tailwise.core.files import read_json, write_json
from tailwise.core.params.config import read_params, section, sections
from tailwise.engine.contract.metric import headlines, labels_of
from tailwise.engine.evaluate.adjusted import evaluate_adjusted
from tailwise.engine.evaluate.evaluation import evaluate
from tailwise.engine.evaluate.inputs import ComputeConfig, trained_task
from tailwise.engine.monitor.backend import keep_backend
from tailwise.evaluation.adjustment import EvaluationOptions, choose_taus, log_prior
from tailwise.evaluation.selective import selective_figures
from tailwise.metrics.labels import labels_to_json
from tailwise.metrics.predictions import HEADLINE, LABELS, write_predictions
from tailwise.recipes.recipe import load_recipe


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("recipe")
    parser.add_argument("weights", type=Path)
    parser.add_argument("split", type=Path)
    parser.add_argument("figures", type=Path)
    parser.add_argument("--answers", type=Path)
    parser.add_argument("--decoding", type=Path)
    args = parser.parse_args()

    recipe, params = load_recipe(args.recipe), read_params()
    config, by = sections(params, recipe.config()), sections(params, ComputeConfig)
    task, run = trained_task(recipe, config, by, args.weights, args.split)
    decode = recipe.decoder(args.decoding, task.heads) if args.decoding else None
    found = evaluate(task, run, decode)
    if adjust := section(params, "evaluation", EvaluationOptions).adjust if "evaluation" in params else None:
        counts = read_json(Path("reports/classes.json"))["train"]
        taus = choose_taus(adjust, found.predictions, counts)
        found = evaluate_adjusted(task, run, taus, {name: log_prior(counts[name]).tolist() for name in taus}, decode)
        print(", ".join(f"{name}: logits adjusted with tau {tau:g}" for name, tau in taus.items()))
    write_json(args.figures, {**found.figures, **selective_figures(found.predictions)})
    if args.answers:
        for name, of_head in found.predictions.items():
            write_predictions(args.answers / f"{name}.csv", of_head)
        if names := headlines(task.metrics, found.figures):
            write_json(args.answers / HEADLINE, names)
        if labels := labels_of(task.metrics):
            write_json(args.answers / LABELS, labels_to_json(labels))
    keep_backend(run.device)


if __name__ == "__main__":
    main()
