"""Sort raw logos without labels into the classes, by the rules of a run.

sort_logos.py ROOT [--confidence C] [--each N]

Writes ROOT/sorted.csv, which `data.reader: {kind: images, file: sorted.csv}` reads, with as many logos of each class,
split by brand, and ROOT/left_out.csv with the reason for each of the others. In this folder, after a run:

    PYTHONPATH=../../src python3 sort_logos.py data/own
"""

import argparse
import sys
from functools import partial
from pathlib import Path

from tailwise.core.errors import UserError, print_error
from tailwise.data.raw import RawFile
from tailwise.recipes.logos.hybrid import RULES
from tailwise.recipes.logos.properties.rules import read_rules
from tailwise.recipes.logos.properties.table import measure_files
from tailwise.recipes.logos.readers.images import ENDINGS
from tailwise.recipes.logos.sort import Sorting, sort_logos

WORKERS = 2


def sort(root: Path, how: Sorting) -> str:
    """Write both tables; a line on what was sorted. Raises UserError for a folder without images."""
    paths = sorted(str(file.relative_to(root)) for file in root.rglob("*") if file.suffix.lower() in ENDINGS)
    if not paths:
        raise UserError(f"{root}: no image below it; names of images end in {', '.join(ENDINGS)}")
    measured, faults = measure_files(paths, partial(read, root), WORKERS)
    found = sort_logos(measured, faults, read_rules(RULES / "rules.json"), how)
    found.save(root / "sorted.csv", root / "left_out.csv")
    return f"{root}/sorted.csv: {len(found.rows)} images; {root}/left_out.csv: {len(found.left_out)}"


def read(root: Path, path: str) -> bytes:
    return RawFile(root, path).read()


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("root", type=Path)
    parser.add_argument("--confidence", type=float, default=0.7, help="least probability of a class")
    parser.add_argument("--each", type=int, default=200, help="images of a class")
    args = parser.parse_args()
    try:
        print(sort(args.root, Sorting(args.confidence, args.each)))
    except (UserError, ValueError) as error:
        print_error(str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
