"""What a few samples of every class look like, for the report's contact sheet.

show_samples.py RECIPE SPLIT-FOLDER [--each N]
"""

import argparse
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

from tailwise.balance.labels import Label, classes_of
from tailwise.core.files import read_json, write_json
from tailwise.core.heads import Head
from tailwise.recipes.recipe import load_recipe


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("recipe")
    parser.add_argument("split", type=Path)
    parser.add_argument("--each", type=int, default=3, help="samples of a class")
    args = parser.parse_args()
    recipe, split = load_recipe(args.recipe), args.split
    heads = tuple(Head(name, tuple(classes)) for name, classes in read_json(Path("data/index/heads.json")).items())
    labels = recipe.labels(split, [head.name for head in heads])
    sheet = {
        head.name: {
            name: recipe.show(split, heads, first(labels.samples, labels.classes[head.name], name, args.each))
            for name in head.classes
        }
        for head in heads
    }
    write_json(Path("reports/contact.json"), sheet)


def first(samples: Sequence[str], labels: Sequence[Label], name: str, count: int) -> list[str]:
    """The first samples, up to `count`, that have a label of this class."""
    found = (sample for sample, label in zip(samples, labels, strict=True) if name in classes_of(label))
    return list(islice(found, count))


if __name__ == "__main__":
    main()
