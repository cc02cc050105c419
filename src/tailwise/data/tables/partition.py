"""Random splits by group: samples of a group are never in two splits."""

import warnings
from collections.abc import Sequence
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


def split_off(
    rows: Sequence[dict[str, str]], labels: Sequence[str], share: float, seed: int
) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    """The rows that stay, and those of a random part with whole groups. rows: with a column group

    labels: what they are stratified by; share: of the part, in (0, 1). Errors as for `assign`.
    """
    chosen = set(take(np.arange(len(rows)), labels, [row["group"] for row in rows], share, seed).tolist())
    return [row for i, row in enumerate(rows) if i not in chosen], [rows[i] for i in sorted(chosen)]


def folds(share: float) -> tuple[int, int]:
    """(k, n) with k / n equal to the share within TOLERANCE, for the smallest such n."""
    choices = ((min(max(1, round(share * n)), n - 1), n) for n in range(2, 101))
    return next((k, n) for k, n in choices if abs(k / n - share) <= TOLERANCE)
