"""Write the HTML report. Arguments: the recipe's package, the names of the phases in order."""

import sys
from pathlib import Path

from tailwise.core.files import write_text
from tailwise.recipes.recipe import load_recipe
from tailwise.reporting.collect import collect
from tailwise.reporting.render import render


def main() -> None:
    recipe, *phases = sys.argv[1:]
    page = load_recipe(recipe).page()
    write_text(Path("reports/report.html"), render(collect(page, phases), page))


if __name__ == "__main__":
    main()
