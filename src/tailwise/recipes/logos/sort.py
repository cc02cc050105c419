"""Sort raw logos into classes by their measures: a balanced table for the reader of images, and what was left out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

import numpy as np

from tailwise.core.errors import UserError
from tailwise.core.files import write_csv
from tailwise.data.tables.partition import Split, assign
from tailwise.recipes.logos.properties.rules import Rules
from tailwise.recipes.logos.readers.logo import brand_of

COLUMNS = ("path", "class", "group", "split", "confidence")


@dataclass(frozen=True)
class Sorting:
    """confidence: least probability of a class; per_class: logos of each class, drawn by the seed of the split

    split: shares of validation and test; brands are in one split alone
    """

    confidence: float = 0.7
    per_class: int = 200
    split: Split = field(default=Split(valid=0.2, test=0.1, seed=1))

    def __post_init__(self):
        if not 0 <= self.confidence <= 1 or self.per_class < 1:
            raise ValueError("confidence must be within [0, 1], per_class 1 or more")


@dataclass(frozen=True)
class Sorted:
    """rows: cells of COLUMNS; left_out: (path, reason), in the order of paths"""

    rows: list[list[str | float]]
    left_out: list[tuple[str, str]]

    def save(self, table: Path, left_out: Path) -> None:
        write_csv(table, COLUMNS, self.rows)
        write_csv(left_out, ("path", "reason"), self.left_out)


def sort_logos(measured: Mapping[str, np.ndarray], faults: Mapping[str, str], rules: Rules, how: Sorting) -> Sorted:
    """measured: {path: measures}; faults: {path: reason}. Raises UserError where splits cannot be drawn.

    A class with fewer sure logos than asked for sets the number for all.
    """
    paths = sorted(measured)
    chances = rules.probabilities(np.array([measured[path] for path in paths]).reshape(len(paths), -1))
    best, sure = chances.argmax(1), chances.max(1) >= how.confidence
    kept, each = _balanced(best, sure, len(rules.classes), how)
    left_out = dict(faults)
    for place, path in enumerate(paths):
        if not sure[place]:
            left_out[path] = _unsure(rules.classes, chances[place])
        elif place not in kept:
            left_out[path] = f"surplus: {rules.classes[best[place]]} has {each} logos already"
    chosen = sorted(kept)
    kinds = [rules.classes[best[place]] for place in chosen]
    groups = [brand_of(PurePosixPath(paths[place]).stem).casefold() for place in chosen]
    splits = _splits(kinds, groups, how.split)
    cells = zip(chosen, kinds, groups, splits)
    rows = [[paths[place], kind, group, split, float(chances[place].max())] for place, kind, group, split in cells]
    return Sorted(rows, sorted(left_out.items()))


def _balanced(best: np.ndarray, sure: np.ndarray, classes: int, how: Sorting) -> tuple[set[int], int]:
    """Places of as many logos of each class, and how many."""
    places = [np.flatnonzero(sure & (best == number)) for number in range(classes)]
    each = min(how.per_class, *map(len, places))
    rng = np.random.default_rng(how.split.seed)
    return {place for of_class in places for place in rng.permutation(of_class)[:each].tolist()}, each


def _unsure(classes: Sequence[str], chances: np.ndarray) -> str:
    """The two classes between which a logo is."""
    first, second = np.argsort(-chances, kind="stable")[:2]
    return f"unsure: {classes[first]} {chances[first]:.2f}, {classes[second]} {chances[second]:.2f}"


def _splits(kinds: Sequence[str], groups: Sequence[str], split: Split) -> list[str]:
    try:
        return assign(kinds, groups, split) if kinds else []
    except UserError as error:
        raise UserError(f"too few sure logos to draw splits: {error}: lower the confidence") from error
