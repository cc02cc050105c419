"""Random splits by group: samples of a group are never in two splits."""

import hashlib
import warnings
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from tailwise.core.errors import UserError

TOLERANCE = 0.01


@dataclass(frozen=True)
class Split:
    """How to draw splits.

    valid, test: shares of the samples; seed: of the draw
    fold: which part is `test`: of cross-validation with test: 0.2, the folds 0 to 4 test each sample once
    """

    valid: float
    test: float
    seed: int
    fold: int = 0

    def __post_init__(self):
        if min(self.valid, self.test) <= 0 or self.valid + self.test >= 1:
            raise ValueError(f"valid and test must be above 0 and together below 1: {self.valid}, {self.test}")
        if not 0 <= self.seed < 2**32:
            raise ValueError(f"seed must be within [0, 2**32), found {self.seed}")
        count, of = folds(self.test)
        if not 0 <= self.fold < of // count:
            raise ValueError(f"fold must be within 0 and {of // count - 1} for test: {self.test:g}, found {self.fold}")


def assign(labels: Sequence[str], groups: Sequence[str], split: Split) -> list[str]:
    """The split of each sample: stratified by label, a group never in two splits.

    labels, groups: one per sample. The shares are met within 0.01 if the groups allow it.
    Raises UserError if there are too few groups, or no label is frequent enough to stratify.
    """
    names = np.full(len(labels), "train", object)
    test = take(np.arange(len(labels)), labels, groups, split.test, split.seed, split.fold)
    names[test] = "test"
    rest = np.flatnonzero(names == "train")
    names[take(rest, labels, groups, split.valid / (1 - split.test), split.seed)] = "valid"
    return names.tolist()


def take(
    indices: np.ndarray, labels: Sequence[str], groups: Sequence[str], share: float, seed: int, fold: int = 0
) -> np.ndarray:
    """A random subset of these indices with the given share, stratified by label, without splitting groups.

    fold: which of the disjoint subsets of this share and seed. Errors as for `assign`.
    """
    from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold  # imported here: slow, rarely needed

    count, of = folds(share)
    codes = [np.unique([values[i] for i in indices], return_inverse=True)[1] for values in (labels, groups)]
    if (different := len(set(codes[1]))) < of:
        raise UserError(f"{different} groups for {of} parts")
    if np.bincount(codes[0]).max() < of:
        raise UserError(f"no combination of labels occurs {of} times in {len(indices)} samples")
    with warnings.catch_warnings(action="ignore", category=UserWarning):  # of labels rarer than the folds
        kind = StratifiedKFold if different == len(indices) else StratifiedGroupKFold  # takes seconds for 10,000 groups
        parts = kind(of, shuffle=True, random_state=seed).split(indices, *codes)
        taken = [chosen for _, chosen in parts][fold * count : (fold + 1) * count]
    return indices[np.concatenate(taken)]


def by_hash(labels: Sequence[str], groups: Sequence[str], share: float, seed: int) -> np.ndarray:
    """(N,) bool: a part with the given share of each label's groups, chosen by hashes of the groups' names.

    A group has the label of its first sample. Of a label with two groups or more, both parts have one at least. One
    more sample changes the part by about one group, and the order of samples changes nothing but a group's label.
    In linear time, unlike `take`: for data sets of hundreds of thousands of groups.
    """
    of_label: dict[str, dict[str, None]] = {}
    first: dict[str, str] = {}
    for label, group in zip(labels, groups):
        of_label.setdefault(first.setdefault(group, label), {})[group] = None
    chosen: set[str] = set()
    for names in of_label.values():
        count = min(max(round(share * len(names)), 1), len(names) - 1)
        chosen.update(sorted(names, key=lambda name: hashlib.sha256(f"{seed} {name}".encode()).digest())[:count])
    return np.array([group in chosen for group in groups], bool)


def split_off(
    rows: Sequence[dict[str, str]], labels: Sequence[str], share: float, seed: int
) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    """The rows that stay, and those of a random part with whole groups. rows: with a column group

    labels: what they are stratified by; share: of the part, in (0, 1). Errors as for `assign`.
    """
    chosen = set(take(np.arange(len(rows)), labels, [row["group"] for row in rows], share, seed).tolist())
    return [row for i, row in enumerate(rows) if i not in chosen], [rows[i] for i in sorted(chosen)]


def strata(classes: Iterable[Sequence[str]], least: int) -> list[str]:
    """What samples are stratified by: of the classes that a sample has, that which the fewest samples have.

    classes: of each sample, with repeats, "" for none; least: samples below which a stratum is merged with others
    """
    different = [sorted(set(of_sample) - {""}) for of_sample in classes]
    counts = Counter(name for of_sample in different for name in of_sample)
    rarest = [min(of_sample, key=lambda name: counts[name], default="") for of_sample in different]
    sizes = Counter(rarest)
    return [name if sizes[name] >= least else "" for name in rarest]


def folds(share: float) -> tuple[int, int]:
    """(k, n) with k / n equal to the share within TOLERANCE, for the smallest such n."""
    choices = ((min(max(1, round(share * n)), n - 1), n) for n in range(2, 101))
    return next((k, n) for k, n in choices if abs(k / n - share) <= TOLERANCE)
