"""Fit how answers follow from a model's outputs.

fit_decoding.py RECIPE WEIGHTS TRAIN-FOLDER FIT-FOLDER DECODING FIGURES

FIT-FOLDER: a prepared split that the model was not trained on; DECODING: what was fitted; FIGURES: how it was chosen
"""

import argparse
from pathlib import Path

from tailwise.core.files import write_json
from tailwise.core.params.config import read_params, sections
from tailwise.engine.evaluate.inputs import ComputeConfig, trained_task
from tailwise.engine.evaluate.validate import forward_all
from tailwise.engine.monitor.backend import keep_backend
from tailwise.recipes.recipe import load_recipe


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("recipe")
    for name in ("weights", "train", "fit", "decoding", "figures"):
        parser.add_argument(name, type=Path)
    args, params = parser.parse_args(), read_params()

    recipe = load_recipe(args.recipe)
    config, by = sections(params, recipe.config()), sections(params, ComputeConfig)
    task, run = trained_task(recipe, config, by, args.weights, args.fit)
    task.model.to(run.device)
    fitted, figures = recipe.fit_decoding(params, args.train, task, forward_all(task, run))
    write_json(args.decoding, fitted)
    write_json(args.figures, figures)
    keep_backend(run.device)


if __name__ == "__main__":
    main()
