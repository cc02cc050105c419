"""Refuse wrong parameters before any output is touched: check.py RECIPE [--curricula FOLDER].

--curricula: where each phase's curriculum is written, null without one, for the stages that measure and plan
"""

import argparse
from dataclasses import asdict
from pathlib import Path

from tailwise.balance.epochs import curricula
from tailwise.core.files import write_json, write_text
from tailwise.core.params.config import read_params, section
from tailwise.core.params.effective import effective
from tailwise.engine.contract.phases import phase_warnings, trained_phases
from tailwise.recipes.recipe import load_recipe


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("recipe")
    parser.add_argument("--curricula", type=Path)
    args = parser.parse_args()

    recipe = load_recipe(args.recipe)
    params = section(read_params(), "", recipe.params())
    recipe.check_inputs(params)
    if (known := recipe.figure_names(params)) is not None:
        params.certificate.check(known)
    stages = Path("dvc.yaml")
    text = stages.read_text("utf8") if stages.is_file() else ""
    asked = curricula(params, text)
    for line in phase_warnings(trained_phases(params), text):
        print(f"warning: {line}")
    write_text(Path("data/effective.yaml"), effective(params))
    write_text(Path("data/checked.txt"), "params.yaml is valid\n")
    for phase, curriculum in asked.items() if args.curricula else ():
        write_json(args.curricula / f"{phase}.json", asdict(curriculum) if curriculum else None)


if __name__ == "__main__":
    main()
