"""What a few samples of every class look like, for the report's contact sheet: show_samples.py RECIPE SPLIT-FOLDER."""

import sys
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

from tailwise.balance.labels import Label, classes_of
from tailwise.core.files import read_json, write_json
from tailwise.core.heads import Head
from tailwise.recipes.recipe import load_recipe

OF_EACH = 3
"""Samples of a class."""


def main() -> None:
    recipe, split = load_recipe(sys.argv[1]), Path(sys.argv[2])
    heads = tuple(Head(name, tuple(classes)) for name, classes in read_json(Path("data/index/heads.json")).items())
    labels = recipe.labels(split, [head.name for head in heads])
    sheet = {
        head.name: {
            name: recipe.show(split, heads, first(labels.samples, labels.classes[head.name], name))
            for name in head.classes
        }
        for head in heads
    }
    write_json(Path("reports/contact.json"), sheet)


def first(samples: Sequence[str], labels: Sequence[Label], name: str) -> list[str]:
    """The first samples that have a label of this class."""
    return list(
        islice((sample for sample, label in zip(samples, labels, strict=True) if name in classes_of(label)), OF_EACH)
    )


if __name__ == "__main__":
    main()
