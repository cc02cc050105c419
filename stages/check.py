"""Refuse wrong parameters before any output is touched: check.py RECIPE."""

import sys
from pathlib import Path

from tailwise.core.files import write_text
from tailwise.core.params.config import read_params, section
from tailwise.core.params.effective import effective
from tailwise.engine.contract.phases import phase_warnings, trained_phases
from tailwise.recipes.recipe import load_recipe


def main() -> None:
    recipe = load_recipe(sys.argv[1])
    params = section(read_params(), "", recipe.params())
    recipe.check_inputs(params)
    stages = Path("dvc.yaml")
    for line in phase_warnings(trained_phases(params), stages.read_text("utf8") if stages.is_file() else ""):
        print(f"warning: {line}")
    write_text(Path("data/effective.yaml"), effective(params))
    write_text(Path("data/checked.txt"), "params.yaml is valid\n")


if __name__ == "__main__":
    main()
