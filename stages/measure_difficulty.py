"""How hard each training sample is to a model: measure_difficulty.py RECIPE WEIGHTS SPLIT-FOLDER --curricula FOLDER.

Where no phase has a curriculum by difficulty the table has no rows: no model is loaded, nor the library for it.
"""

import argparse
from pathlib import Path

from tailwise.core.files import read_json, write_csv
from tailwise.core.params.config import read_params, sections
from tailwise.recipes.recipe import load_recipe

TABLE = Path("data/difficulty/train.csv")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("recipe")
    parser.add_argument("weights", type=Path)
    parser.add_argument("split", type=Path)
    parser.add_argument("--curricula", type=Path, required=True)
    args = parser.parse_args()

    asked = [read_json(file) for file in sorted(args.curricula.glob("*.json"))]
    if any(one and one["by"] == "difficulty" for one in asked):
        measure(args.recipe, args.weights, args.split)
    else:
        write_csv(TABLE, ["sample", "difficulty"], [])
        print("no phase has a curriculum by difficulty: nothing is measured")


def measure(package: str, weights: Path, split: Path) -> None:
    """Without augmentation, as on validation."""
    from tailwise.engine.evaluate.evaluation import evaluate
    from tailwise.engine.evaluate.inputs import ComputeConfig, trained_task
    from tailwise.engine.monitor.backend import keep_backend
    from tailwise.evaluation.difficulty import confidences, write_difficulty

    recipe, params = load_recipe(package), read_params()
    config, by = sections(params, recipe.config()), sections(params, ComputeConfig)
    task, run = trained_task(recipe, config, by, weights, split)
    names, found = list(task.valid.names), evaluate(task, run).predictions
    write_difficulty(TABLE, names, {name: confidences(of_head, names) for name, of_head in found.items()})
    keep_backend(run.device)


if __name__ == "__main__":
    main()
