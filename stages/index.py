"""List the labelled samples of the raw data; refuse wrong data before anything is written: index.py RECIPE.

With --splits FOLDER each list is also written as a prepared split, ``FOLDER/<split>/manifest.csv``: for samples that
need no preparation.
"""

import argparse
from dataclasses import replace
from pathlib import Path

from tailwise.core.files import write_json
from tailwise.core.params.config import read_params, section
from tailwise.core.tables import write_table
from tailwise.data.tables.checks.pseudo import with_pseudo
from tailwise.data.tables.checks.summary import describe, summarize
from tailwise.data.tables.pseudo import PseudoLabels
from tailwise.data.tables.resampling import Resampling, resample
from tailwise.recipes.recipe import load_recipe


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("recipe")
    parser.add_argument("--splits", type=Path)
    args, params = parser.parse_args(), read_params()

    recipe = load_recipe(args.recipe)
    found = recipe.index(params)
    data = replace(found, index=resample(found.index, wanted(params)))
    data = with_pseudo(data, *pseudo_labels(params))
    print("\n".join(describe(data)))
    print("".join(f"{line}\n" for line in recipe.forecast(params, data)), end="")
    for split, rows in data.index.rows.items():
        files = [Path(f"data/index/{split}.csv"), *([args.splits / split / "manifest.csv"] if args.splits else [])]
        for file in files:
            write_table(file, rows)
    write_json(Path("data/index/heads.json"), data.index.heads)
    write_json(Path("reports/index.json"), summarize(data))


def wanted(params: dict) -> Resampling:
    """The section resampling, which a pipeline may have."""
    return section(params, "resampling", Resampling) if "resampling" in params else Resampling()


def pseudo_labels(params: dict) -> tuple[PseudoLabels | None, Path]:
    """data.pseudo, which a pipeline may have, and data.root; None: no labels by a model."""
    given = params.get("data", {})
    if given.get("pseudo") is None:
        return None, Path()
    return section(params, "data.pseudo", PseudoLabels), Path(section(params, "data.root", str))


if __name__ == "__main__":
    main()
