"""Rules on measures that name a class with a confidence: thresholds in trees, fitted to labelled logos.

They are kept as JSON, and answer without scikit-learn.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tailwise.core.errors import UserError
from tailwise.core.files import read_json, write_json

DIGITS = 6
LEAF = -1
"""Measure of a node without a threshold."""


@dataclass(frozen=True)
class Fitting:
    """trees: number; depth: most thresholds one after the other; least: logos in a leaf; seed: of their draws"""

    trees: int = 60
    depth: int = 10
    least: int = 2
    seed: int = 1

    def __post_init__(self):
        if not (1 <= self.trees <= 1000 and 1 <= self.depth <= 30 and self.least >= 1 and 0 <= self.seed < 2**32):
            raise ValueError("trees must be within 1 and 1000, depth within 1 and 30, least 1 or more, seed 0 or more")


@dataclass(frozen=True, eq=False)
class Tree:
    """Nodes from the root. measure: which is compared, LEAF for none; threshold: at most as much goes to `low`

    low, high: next nodes; shares: (nodes, classes) of the logos that it was fitted to
    """

    measure: np.ndarray
    threshold: np.ndarray
    low: np.ndarray
    high: np.ndarray
    shares: np.ndarray

    def answer(self, values: np.ndarray) -> np.ndarray:
        """values: (N, M); returns (N, classes)"""
        node, rows = np.zeros(len(values), np.int64), np.arange(len(values))
        while (inner := self.measure[node] != LEAF).any():
            below = values[rows, self.measure[node]] <= self.threshold[node]
            node = np.where(inner, np.where(below, self.low[node], self.high[node]), node)
        return self.shares[node]


@dataclass(frozen=True, eq=False)
class Rules:
    """classes: in the order of answers; measures: names, in the order of values"""

    classes: tuple[str, ...]
    measures: tuple[str, ...]
    trees: tuple[Tree, ...]

    def probabilities(self, values: np.ndarray) -> np.ndarray:
        """(N, classes) that sum to 1, from measures (N, M)."""
        return np.mean([tree.answer(values) for tree in self.trees], axis=0)

    def save(self, file: Path) -> None:
        trees = [{name: getattr(tree, name).tolist() for name in PARTS} for tree in self.trees]
        write_json(file, {"classes": self.classes, "measures": self.measures, "trees": trees})


PARTS: Mapping[str, type] = {
    "measure": np.int64,
    "threshold": np.float64,
    "low": np.int64,
    "high": np.int64,
    "shares": np.float64,
}
"""{field of a tree: its dtype}"""


def fit_rules(values: np.ndarray, labels: Sequence[str], measures: Sequence[str], how: Fitting) -> Rules:
    """Rules for the classes in `labels` (N,), from measures (N, M); the same each time."""
    from sklearn.ensemble import ExtraTreesClassifier  # imported here: answering does not need it

    forest = ExtraTreesClassifier(
        how.trees, max_depth=how.depth, min_samples_leaf=how.least, class_weight="balanced", random_state=how.seed
    )
    forest.fit(values, list(labels))
    trees = tuple(_tree(each.tree_) for each in forest.estimators_)
    return Rules(tuple(map(str, forest.classes_)), tuple(measures), trees)


def _tree(fitted: Any) -> Tree:
    """Rounded as in a file, so that rules answer the same before and after."""
    leaf = fitted.children_left == fitted.children_right
    shares = fitted.value[:, 0] / fitted.value[:, 0].sum(1, keepdims=True)
    return Tree(
        np.where(leaf, LEAF, fitted.feature),
        np.where(leaf, 0.0, fitted.threshold).round(DIGITS),
        np.where(leaf, 0, fitted.children_left),
        np.where(leaf, 0, fitted.children_right),
        shares.round(DIGITS),
    )


def read_rules(file: Path) -> Rules:
    """Rules that `Rules.save` wrote; UserError for anything else."""
    found = read_json(file)
    try:
        trees = tuple(
            Tree(**{name: np.array(tree[name], kind) for name, kind in PARTS.items()}) for tree in found["trees"]
        )
        rules = Rules(tuple(found["classes"]), tuple(found["measures"]), trees)
        _check(rules)
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise UserError(f"{file}: are no rules: {error}: fit them again") from error
    return rules


def _check(rules: Rules) -> None:
    """Raise ValueError for trees that do not end, or name what is not there."""
    if not rules.trees:
        raise ValueError("they have no tree")
    for tree in rules.trees:
        nodes = np.arange(len(tree.measure))
        inner = tree.measure != LEAF
        ahead = all((step[inner] > nodes[inner]).all() and (step < len(nodes)).all() for step in (tree.low, tree.high))
        known = ((tree.measure >= LEAF) & (tree.measure < len(rules.measures))).all()
        if not (ahead and known and tree.shares.shape == (len(nodes), len(rules.classes))):
            raise ValueError("a tree names a node or a measure that is not there")
