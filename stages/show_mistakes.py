"""The most confident mistakes, and what the model looked at: show_mistakes.py RECIPE WEIGHTS SPLIT-FOLDER."""

import argparse
from pathlib import Path

from tailwise.core.files import write_json
from tailwise.core.params.config import read_params, sections
from tailwise.engine.evaluate.inputs import ComputeConfig, trained_task
from tailwise.engine.monitor.backend import keep_backend
from tailwise.evaluation.mistakes import confident_mistakes
from tailwise.metrics.predictions import read_predictions
from tailwise.recipes.recipe import load_recipe

OF_EACH = 12
"""Mistakes of a head."""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("recipe")
    parser.add_argument("weights", type=Path)
    parser.add_argument("split", type=Path)
    args = parser.parse_args()

    recipe, params = load_recipe(args.recipe), read_params()
    config, by = sections(params, recipe.config()), sections(params, ComputeConfig)
    task, run = trained_task(recipe, config, by, args.weights, args.split)
    task.model.to(run.device).eval()
    tables = {head.name: read_predictions(Path(f"reports/evaluation/{head.name}.csv"), head) for head in task.heads}
    mistakes = {name: confident_mistakes(table, OF_EACH) for name, table in tables.items()}
    shown = {
        head: [{**one.to_json(), **recipe.explain(task, one.sample, head, run.device)} for one in of_head]
        for head, of_head in mistakes.items()
    }
    write_json(Path("reports/mistakes.json"), shown)
    keep_backend(run.device)


if __name__ == "__main__":
    main()
