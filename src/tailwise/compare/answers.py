"""Predictions of revisions on validation, from DVC's cache, and what they say of two fixed models."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from tailwise.compare.revision import ANSWERS, Revision
from tailwise.core.errors import UserError
from tailwise.core.heads import Head
from tailwise.evaluation.intervals import DRAWS, LEVEL, SEED, ClassCounts, Interval, count_classes, group_weights
from tailwise.metrics.confusion import macro
from tailwise.metrics.effect import McNemar, mcnemar
from tailwise.metrics.predictions import Predictions, read_predictions

FIGURES = ("macro_recall", "macro_f1", "accuracy")


@dataclass(frozen=True)
class Store:
    """Where predictions are: the workspace, and DVC's cache on this machine. folder: of the pipeline"""

    folder: Path

    @cached_property
    def _cache(self):
        from dvc.exceptions import DvcException  # takes a second to import
        from dvc.repo import Repo

        try:
            return Repo(str(self.folder)).cache.local
        except DvcException as error:
            raise UserError(f"{self.folder.resolve()}: {' '.join(str(error).split())}") from error

    def read(self, revision: Revision) -> dict[str, Predictions]:
        """{head: its predictions}; empty where they, or those of a head, are not on this machine."""
        files = self._files(revision)
        wanted = {head: files.get(f"{head}.csv") for head in revision.classes}
        if not wanted or not all(file and file.is_file() for file in wanted.values()):
            return {}
        found = ((head, file) for head, file in wanted.items() if file)
        return {head: read_predictions(file, Head(head, revision.classes[head])) for head, file in found}

    def file(self, md5: str) -> Path:
        """Where DVC's cache has, or would have, the content of this hash."""
        return Path(self._cache.oid_to_path(md5))

    def lacks(self, hashes: Mapping[str, str]) -> list[str]:
        """Those of the folders {path: hash} whose listing is not in the cache."""
        folders = {path: each for path, each in hashes.items() if each.endswith(".dir")}
        return [path for path, each in folders.items() if not self.file(each).is_file()]

    def _files(self, revision: Revision) -> dict[str, Path]:
        """{name in the folder of predictions: file that has its content}"""
        if revision.commit is None:
            return {file.name: file for file in (self.folder / ANSWERS).glob("*.csv")}
        if not revision.answers:
            return {name: self.file(each) for name, each in revision.tables.items()}
        listing = self.file(revision.answers)
        entries = json.loads(listing.read_text(encoding="utf8")) if listing.is_file() else []
        return {entry["relpath"]: self.file(entry["md5"]) for entry in entries}


@dataclass(frozen=True)
class ModelDifference:
    """Two fixed models on one head: a model's figures minus those of another.

    differences: {figure of FIGURES: its difference with a bootstrap interval over groups}
    test: None for a head with labels per position, which are not independent
    """

    head: str
    differences: dict[str, Interval]
    test: McNemar | None
    samples: int
    groups: int


def compare_models(own: Predictions, other: Predictions) -> ModelDifference:
    """Raises ValueError for other samples or labels."""
    own, other = _ordered(own), _ordered(other)
    if _keys(own) != _keys(other) or (own.targets != other.targets).any():
        raise ValueError("they are not of the same samples and labels")
    right = own.predicted == own.targets, other.predicted == other.targets
    test = mcnemar(*right) if own.positions is None else None
    found = bootstrap(own.targets, (own.predicted, other.predicted), own.groups, len(own.head.classes))
    return ModelDifference(own.head.name, found, test, len(own), len(set(own.groups)))


def bootstrap(
    targets: np.ndarray,
    predicted: tuple[np.ndarray, np.ndarray],
    groups: Sequence[str],
    classes: int,
    draws: int = DRAWS,
) -> dict[str, Interval]:
    """{figure of FIGURES: the first model's minus the second's, with its interval over resampled groups}.

    targets: class ids (N,); predicted: class ids (N,) of both models; groups: N names
    Both models are measured on the same draw, so that what is hard for both cancels out.
    """
    names, group = np.unique(np.array(groups), return_inverse=True)
    value = _difference(targets, predicted, np.ones(len(targets)), classes)
    weights = (times[group].astype(float) for times in group_weights(len(names), draws, SEED))
    resampled = np.array([_difference(targets, predicted, of_draw, classes) for of_draw in weights])
    low, high = np.nanquantile(resampled, [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=0)
    return {name: Interval(*map(float, ends)) for name, *ends in zip(FIGURES, value, low, high)}


def absent_line(absent: Iterable[str]) -> str:
    """Which predictions are not there, and what brings them."""
    return (
        f"predictions absent from DVC's cache: {', '.join(absent)}: `dvc pull --all-commits` or `dvc exp pull` bring "
        "those of a remote, `dvc exp run` computes them; without them a single model has no interval"
    )


def read_all(store: Store, revisions: Iterable[Revision]) -> Mapping[str, dict[str, Predictions]]:
    """{revision: predictions of its heads}"""
    return {revision.name: store.read(revision) for revision in revisions}


def _difference(
    targets: np.ndarray, predicted: tuple[np.ndarray, np.ndarray], weights: np.ndarray, classes: int
) -> np.ndarray:
    """(len(FIGURES),)"""
    own, other = (_figures(count_classes(targets, of_model, weights, classes)) for of_model in predicted)
    return np.array(own) - np.array(other)


def _figures(counts: ClassCounts) -> tuple[float, float, float]:
    """Of FIGURES; a class without a sample is left out of the means."""
    there = counts.actual > 0
    hits, actual = counts.hits[there], counts.actual[there]
    recall, f1 = hits / actual, 2 * hits / (actual + counts.predicted[there])
    return macro(recall), macro(f1), float(hits.sum() / actual.sum())


def _ordered(found: Predictions) -> Predictions:
    """Rows in the order of sample and position."""
    keys = _keys(found)
    return found.take(np.array(sorted(range(len(keys)), key=keys.__getitem__), int))


def _keys(found: Predictions) -> list[tuple[str, int]]:
    positions = [0] * len(found) if found.positions is None else found.positions.tolist()
    return list(zip(found.samples, positions))
