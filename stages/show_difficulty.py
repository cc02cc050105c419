"""The easiest and hardest training samples of each head, for the report: show_difficulty.py RECIPE SPLIT-FOLDER."""

import sys
from collections.abc import Sequence
from pathlib import Path

from tailwise.balance.labels import Labels, classes_of
from tailwise.core.files import read_csv, read_json, write_json
from tailwise.core.heads import Head
from tailwise.evaluation.difficulty import confidence_column, extremes
from tailwise.recipes.recipe import load_recipe

OF_EACH = 6
"""Easiest samples of a head, and hardest ones."""


def main() -> None:
    recipe, split = load_recipe(sys.argv[1]), Path(sys.argv[2])
    rows, shown = read_csv(Path("data/difficulty/train.csv")), {}
    heads = tuple(Head(name, tuple(classes)) for name, classes in read_json(Path("data/index/heads.json")).items())
    labels = recipe.labels(split, [head.name for head in heads]) if rows else Labels([], {})
    for head in heads if rows else ():
        cells = [row[confidence_column(head.name)] for row in rows]
        found = extremes([row["sample"] for row in rows], [float(cell) if cell else None for cell in cells], OF_EACH)
        actual = dict(zip(labels.samples, map(classes_of, labels.classes[head.name]), strict=True))
        shown[head.name] = {
            which: described(of_which, actual, recipe.show(split, heads, [name for name, _ in of_which]))
            for which, of_which in found.items()
        }
    write_json(Path("reports/difficulty.json"), shown)


def described(
    samples: Sequence[tuple[str, float]], actual: dict[str, list[str]], previews: Sequence[dict]
) -> list[dict]:
    """A sample, its classes without repeats, the model's confidence in them, and what it looks like."""
    return [
        {"sample": name, "actual": list(dict.fromkeys(actual[name])), "confidence": value, **preview}
        for (name, value), preview in zip(samples, previews, strict=True)
    ]


if __name__ == "__main__":
    main()
