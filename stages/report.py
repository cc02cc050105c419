"""Write the HTML report, and beside it the last committed runs: report.py RECIPE PHASE...; phases in order."""

import sys
from pathlib import Path

from tailwise.core.files import write_text
from tailwise.core.stage.folders import pipeline_folder
from tailwise.recipes.recipe import load_recipe
from tailwise.reporting.collect import collect
from tailwise.reporting.committed import keep_committed
from tailwise.reporting.render import render


def main() -> None:
    recipe, *phases = sys.argv[1:]
    page = load_recipe(recipe).page()
    write_text(Path("reports/report.html"), render(collect(page, phases), page))
    keep_committed(pipeline_folder())


if __name__ == "__main__":
    main()
