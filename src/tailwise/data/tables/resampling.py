"""Other splits of the same labelled data: cross-validation by group, and shares of the training groups."""

import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from tailwise.core.errors import UserError
from tailwise.data.tables.partition import by_hash, strata
from tailwise.data.tables.rows import Index

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Resampling:
    """Which samples are trained with and validated on. The test split stays as it is.

    folds: of cross-validation over `train` and `valid` together; 0: none, the splits of the data
    fold: the one that is validated on, from 0; the others are trained with
    seed: of the draws
    train_share: of the groups of `train`, for a learning curve; a smaller share is part of a larger one
    """

    folds: int = 0
    fold: int = 0
    seed: int = 1
    train_share: float = 1.0

    def __post_init__(self):
        if self.folds < 0 or self.folds == 1:
            raise ValueError(f"folds must be 0, for none, or at least 2, found {self.folds}")
        if not 0 <= self.fold < max(self.folds, 1):
            raise ValueError(f"fold must be within 0 and {max(self.folds, 1) - 1}, found {self.fold}")
        if not 0 <= self.seed < 2**32:
            raise ValueError(f"seed must be within [0, 2**32), found {self.seed}")
        if not 0 < self.train_share <= 1:
            raise ValueError(f"train_share must be within (0, 1], found {self.train_share:g}")


def resample(index: Index, how: Resampling) -> Index:
    """The index with other samples in `train` and `valid`, each with a note that says so.

    Groups stay whole, and so do groups that share a file's content. UserError for fewer groups than folds.
    """
    if how.folds:
        index = _with_fold(index, how)
    return index if how.train_share == 1 else _with_share(index, how)


def fold_of(labels: Sequence[str], groups: Sequence[str], folds: int, seed: int) -> np.ndarray:
    """(N,) the fold of each sample: as many samples of each label in every fold as whole groups allow.

    labels, groups: (N,). UserError for fewer groups than folds.
    """
    from sklearn.model_selection import StratifiedGroupKFold  # imported here: slow, rarely needed

    if (count := len(set(groups))) < folds:
        raise UserError(f"resampling.folds is {folds}, and train and valid have {count} groups: ask for fewer folds")
    found = np.zeros(len(labels), int)
    with warnings.catch_warnings(action="ignore", category=UserWarning):  # of labels rarer than the folds
        parts = StratifiedGroupKFold(folds, shuffle=True, random_state=seed).split(found, list(labels), list(groups))
        for number, (_, of_fold) in enumerate(parts):
            found[of_fold] = number
    return found


def linked_groups(groups: Sequence[str], contents: Sequence[str]) -> np.ndarray:
    """(N,) for each row the first of the groups that are linked to its own by the same content; "" is no content."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    names, group = np.unique(np.array(groups, str), return_inverse=True)
    known = np.array(contents, str) != ""
    different, content = np.unique(np.array(contents, str)[known], return_inverse=True)
    size = len(names) + len(different)
    edges = (np.ones(len(content)), (group[known], len(names) + content))
    part = connected_components(coo_array(edges, shape=(size, size)), directed=False)[1][: len(names)]
    different_parts, first = np.unique(part, return_index=True)
    return names[first][np.searchsorted(different_parts, part)][group]


def _with_fold(index: Index, how: Resampling) -> Index:
    import pandas as pd

    both = pd.concat([index.rows["train"], index.rows["valid"]], ignore_index=True)
    samples = _samples(index, both)
    folds = fold_of(strata(samples.classes, how.folds), samples.groups, how.folds, how.seed)
    held_out = {name for name, fold in zip(samples.names, folds) if fold == how.fold}
    note = f"fold {how.fold} of {how.folds} (resampling): {{}} of the train and valid of the data"
    dropped = Counter(index.dropped["train"]) + Counter(index.dropped["valid"])
    return replace(
        index,
        rows={**index.rows, "train": _rows(both, set(samples.names) - held_out), "valid": _rows(both, held_out)},
        dropped={**index.dropped, "train": dict(dropped), "valid": dict.fromkeys(index.dropped["valid"], 0)},
        notes={
            **index.notes,
            "train": [note.format("the other folds"), *index.notes["train"], *index.notes["valid"]],
            "valid": [note.format("this fold")],
        },
    )


def _with_share(index: Index, how: Resampling) -> Index:
    """Of each stratum of groups the same share stays; one that is alone stays, too."""
    rows = index.rows["train"]
    samples = _samples(index, rows)
    of_group: dict[str, list[str]] = {}
    for group, classes in zip(samples.groups, samples.classes):
        of_group.setdefault(group, []).extend(classes)
    labels = strata(list(of_group.values()), 2)
    gone = by_hash(labels, list(of_group), 1 - how.train_share, how.seed)
    kept = {group for group, left_out in zip(of_group, gone) if not left_out}
    taken = {name for name, group in zip(samples.names, samples.groups) if group in kept}
    note = f"{len(kept)} of {len(of_group)} groups (resampling.train_share {how.train_share:g})"
    return replace(
        index,
        rows={**index.rows, "train": _rows(rows, taken)},
        notes={**index.notes, "train": [note, *index.notes["train"]]},
    )


@dataclass(frozen=True)
class _Samples:
    """names, linked groups and all classes ("head: class") of N samples."""

    names: list[str]
    groups: list[str]
    classes: list[list[str]]


def _samples(index: Index, rows: "pd.DataFrame") -> _Samples:
    """The samples of a table with a row each, or a row per view."""
    numbered = rows.assign(linked=linked_groups(rows["group"].to_list(), rows["content"].to_list()))
    first = numbered.drop_duplicates("sample")
    cells = zip(*(first[head] for head in index.heads))
    classes = [list(_classes(index, of_sample)) for of_sample in cells]
    return _Samples(first["sample"].to_list(), first["linked"].to_list(), classes)


def _classes(index: Index, cells: Sequence[str]) -> Iterator[str]:
    for head, cell in zip(index.heads, cells):
        yield from (f"{head}: {name}" for name in index.classes_in(cell))


def _rows(rows: "pd.DataFrame", samples: set[str]) -> "pd.DataFrame":
    return rows.loc[[name in samples for name in rows["sample"]]].reset_index(drop=True)
