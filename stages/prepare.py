"""Write the prepared splits that training reads, from the index: prepare.py RECIPE FOLDER."""

import sys
from pathlib import Path

from tailwise.core.params.config import read_params
from tailwise.recipes.recipe import load_recipe


def main() -> None:
    for line in load_recipe(sys.argv[1]).prepare(read_params(), Path(sys.argv[2])):
        print(line)


if __name__ == "__main__":
    main()
