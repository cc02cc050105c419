"""Refuse wrong parameters before any output is touched. Arguments: the recipe's module."""

import importlib
import sys
from pathlib import Path

from tailwise.core.config import read_params, section
from tailwise.core.files import write_text


def main() -> None:
    recipe = sys.argv[1]
    sections = importlib.import_module(f"{recipe}.sections")
    sections.check_inputs(section(read_params(), "", sections.Params))
    write_text(Path("data/checked.txt"), "params.yaml is valid\n")


if __name__ == "__main__":
    main()
