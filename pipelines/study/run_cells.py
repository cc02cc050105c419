"""Compute the cells of the study that are not done.

run_cells.py [--dataset NAME] [--method NAME] [--list | --check N | --test]

Each cell leaves a small file in results/. A killed run loses the cells it was at; any machine goes on where the files
end.
"""

import argparse
import sys

from study.check import check_cells
from study.progress import list_cells, run_all
from study.settings import read_settings
from study.test_split import score_test


def main() -> int:
    settings = read_settings()
    parser = argparse.ArgumentParser()
    parser.add_argument("--dataset", action="append", choices=list(settings.datasets), help="only this one, or these")
    parser.add_argument("--method", action="append", choices=list(settings.methods), help="only this one, or these")
    parser.add_argument("--list", action="store_true", help="show what is not done, and compute nothing")
    parser.add_argument("--check", type=int, metavar="N", help="compute N cells that are done again, and compare")
    parser.add_argument("--test", action="store_true", help="score the test split, once, at the end")
    args = parser.parse_args()
    datasets, methods = args.dataset or list(settings.datasets), args.method or list(settings.methods)
    if args.check:
        return check_cells(settings, datasets, methods, args.check)
    if args.test:
        return score_test(settings, datasets, methods)
    return (list_cells if args.list else run_all)(settings, datasets, methods)


if __name__ == "__main__":
    sys.exit(main())
