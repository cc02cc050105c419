"""Draw the figures that people keep, for print and for `dvc plots`. Arguments: the names of the phases in order."""

import sys
from pathlib import Path

from tailwise.reporting.figures.draw import draw_figures


def main() -> None:
    paths = draw_figures(Path("reports"), sys.argv[1:], Path("reports/figures"))
    print(f"{len(paths)} files in reports/figures")


if __name__ == "__main__":
    main()
