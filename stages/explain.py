"""What answers to labels of rare classes rest on, and which training samples they are like.

explain.py RECIPE WEIGHTS TRAIN-FOLDER VALIDATION-FOLDER ANSWERS

ANSWERS: the folder that `evaluate` wrote of validation; writes reports/explanations.json
"""

import argparse
from pathlib import Path
from typing import Any

from tailwise.core.files import read_json, write_json
from tailwise.core.params.config import read_params, sections
from tailwise.engine.evaluate.embeddings import embeddings
from tailwise.engine.evaluate.inputs import ComputeConfig, build_task, trained_task
from tailwise.engine.monitor.backend import keep_backend
from tailwise.metrics.predictions import read_predictions
from tailwise.recipes.explainer import embedding_layers, load_explainer
from tailwise.recipes.explaining import Source, explain_head, known_labels, some_of
from tailwise.recipes.recipe import load_recipe


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("recipe")
    for name in ("weights", "train", "valid", "answers"):
        parser.add_argument(name, type=Path)
    args, params = parser.parse_args(), read_params()

    recipe, explainer = load_recipe(args.recipe), load_explainer(args.recipe)
    config, by = sections(params, recipe.config()), sections(params, ComputeConfig)
    task, run = trained_task(recipe, config, by, args.weights, args.valid)
    every, _ = build_task(recipe, config, task.heads, (None, args.train), by.training.seed, args.weights)
    training = some_of(every, explainer.known)
    embedded = embeddings(training, run, embedding_layers(explainer, recipe, training))
    task.model.to(run.device).eval()
    layers, counts = embedding_layers(explainer, recipe, task), read_json(Path("reports/classes.json"))["train"]
    made = dict[str, Any]()
    for head in task.heads:
        known = known_labels(training, head.name, embedded[head.name])
        found = read_predictions(args.answers / f"{head.name}.csv", head)
        of_head = task, head, explainer, layers[head.name], known, found, counts[head.name], run.device
        made[head.name] = explain_head(Source(*of_head))
        print(f"{head.name}: {len(made[head.name]['samples'])} labels of the rarest classes explained")
    write_json(Path("reports/explanations.json"), made)
    keep_backend(run.device)


if __name__ == "__main__":
    main()
