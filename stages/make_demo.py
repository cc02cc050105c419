"""Fill a folder with the recipe's made-up raw data: make_demo.py RECIPE FOLDER."""

import sys
from pathlib import Path

from tailwise.core.params.config import read_params
from tailwise.recipes.recipe import load_recipe


def main() -> None:
    package, folder = sys.argv[1:]
    load_recipe(package).make_demo(read_params(), Path(folder))


if __name__ == "__main__":
    main()
