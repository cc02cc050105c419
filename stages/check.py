"""Refuse wrong parameters before any output is touched. Arguments: the recipe's module."""

import importlib
import sys
from pathlib import Path

from tailwise.core.files import write_text
from tailwise.core.params.config import read_params, section
from tailwise.core.params.effective import effective


def main() -> None:
    sections = importlib.import_module(f"{sys.argv[1]}.sections")
    params = section(read_params(), "", sections.Params)
    sections.check_inputs(params)
    write_text(Path("data/effective.yaml"), effective(params))
    write_text(Path("data/checked.txt"), "params.yaml is valid\n")


if __name__ == "__main__":
    main()
