"""Choose what stands as `auto` in each phase, from the data: choose.py RECIPE PHASE... --train FOLDER."""

import argparse
import json
from pathlib import Path

from tailwise.balance.auto import Facts, choose
from tailwise.core.files import read_json, write_text
from tailwise.core.params.auto import FOLDER
from tailwise.core.params.config import read_params, section
from tailwise.recipes.recipe import load_recipe


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("recipe")
    parser.add_argument("phases", nargs="+")
    parser.add_argument("--train", type=Path, required=True)
    args = parser.parse_args()

    recipe, params, counts = load_recipe(args.recipe), read_params(), read_json(Path("reports/classes.json"))["train"]
    labels = recipe.labels(args.train, list(counts)).classes
    facts = Facts(counts, labels, section(params, "training.batch_size", int), recipe.first_lr(params))
    settings = []
    for number, phase in enumerate(args.phases):
        chosen = choose(section(params, phase, dict), number, facts)
        values = {path: choice.value for path, choice in chosen.items()}
        write_text(FOLDER / f"{phase}.json", json.dumps(values, indent=2) + "\n")
        for path, choice in chosen.items():
            print(f"{phase}.{path}: auto is {choice.value:g}: {choice.why}")
            settings.append(f"-S {phase}.{path}={choice.value:g}")
    print(f"to keep them: dvc exp run {' '.join(settings)}" if settings else "nothing is left to auto")


if __name__ == "__main__":
    main()
