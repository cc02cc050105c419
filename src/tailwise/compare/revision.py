"""A revision of a pipeline: its params and figures, read from git without running anything."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tailwise.compare.git import WORKSPACE, commit_of, content
from tailwise.compare.lock import ABSENT, Lock, lookup, read_lock
from tailwise.core.errors import UserError
from tailwise.core.params.config import Yaml12Loader
from tailwise.core.params.upgrade import upgrade
from tailwise.metrics.dotted import dotted
from tailwise.metrics.labels import Labels, labels_from_json

PARAMS, METRICS = "params.yaml", "reports/metrics.json"
INTERVALS, CLASSES = "reports/intervals.json", "reports/classes.json"
ANSWERS = "reports/evaluation"
"""The folder of predictions, which DVC's cache keeps."""
SEED = "training.seed"
IGNORED = ("runtime", "certificate", "export")
"""Sections that cannot change a validation figure."""
NO_FIGURES = {"target", "few", "limits", "heads", "targets", "headline", "labels", "label_name", "sample_name"}
NO_FIGURES |= {"units", "lines"}
"""What intervals.json has beside the pipeline's own figures."""


@dataclass(frozen=True)
class Revision:
    """What is compared of a revision.

    name: as it was given; commit: its hash, None for the workspace
    params: {dotted key: value} of all that can change a figure, the seed aside
    figures: {dotted name: number} of metrics.json, and of the pipeline's own in intervals.json where that is up to date
    sources: {path: hash} of the code and data that the figures were made from
    stages: {stage that its figures were made with: hash of all that it ran on}
    answers: hash of the folder of predictions; None where dvc.lock has none
    tables: {file of that folder: hash}, where dvc.lock has its files instead
    inputs: {path: hash} of all that the stage of its figures depends on: code, weights, samples
    classes: {head: names in index order}; support: {head: {class: labels in validation}}
    own: dotted names of the pipeline's own scores; labels, units: of figures, by dotted name
    """

    name: str
    commit: str | None
    params: dict[str, Any]
    seed: int
    figures: dict[str, float | None]
    sources: dict[str, str] = field(default_factory=dict)
    stages: dict[str, str] = field(default_factory=dict)
    answers: str | None = None
    tables: dict[str, str] = field(default_factory=dict)
    inputs: dict[str, str] = field(default_factory=dict)
    classes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    support: dict[str, dict[str, int]] = field(default_factory=dict)
    own: tuple[str, ...] = ()
    labels: Labels = field(default_factory=dict)
    units: dict[str, str] = field(default_factory=dict)


def read_revision(folder: Path, name: str) -> Revision:
    """Raises UserError for an unknown name, a file that is absent or malformed, and figures that are out of date."""
    commit = None if name == WORKSPACE else commit_of(folder, name)
    given = _params(_needed(folder, commit, name, PARAMS), name)
    text = _needed(folder, commit, name, METRICS)
    lock = read_lock(content(folder, commit, "dvc.lock"), name)
    _check_current(lock, given, text, name)
    metrics = _figures(text, METRICS, name)
    intervals = _intervals(folder, commit, name, lock, given)
    upgrade(given)
    own = {key: value for key, value in intervals.items() if key not in NO_FIGURES}
    heads = {head: of for head, of in metrics.items() if isinstance(of, dict) and isinstance(of.get("recall"), dict)}
    figures = {**dotted(_sections(own)), **dotted(metrics)}
    return Revision(
        name,
        commit,
        {key: value for key, value in flat(given) if key != SEED and key.split(".")[0] not in IGNORED},
        _seed(given, name),
        figures,
        lock.sources(METRICS),
        {stage: lock.identity(stage) for stage in lock.needed_by(METRICS)},
        lock.hash_of(ANSWERS),
        lock.below(ANSWERS),
        lock.inputs(METRICS),
        {head: tuple(of["recall"]) for head, of in heads.items()},
        _json(content(folder, commit, CLASSES), CLASSES, name).get("valid", {}),
        tuple(_own_scores(metrics, figures, intervals)),
        labels_from_json(intervals.get("labels", {})),
        intervals.get("units", {}),
    )


def flat(params: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    """(dotted key, value) of all values; a list is a value."""
    for key, value in params.items():
        name = f"{path}.{key}" if path else str(key)
        if isinstance(value, Mapping) and value:
            yield from flat(value, name)
        else:
            yield name, value


def _needed(folder: Path, commit: str | None, name: str, file: str) -> str:
    if (text := content(folder, commit, file)) is None:
        advice = "run `dvc repro` and commit it" if file == METRICS else "go into the folder of a pipeline"
        raise UserError(f"{file} of {name}: is not there: {advice}")
    return text


def _params(text: str, name: str) -> dict[str, Any]:
    try:
        found = yaml.load(text, Yaml12Loader)
    except (yaml.YAMLError, UserError, ValueError, RecursionError) as error:
        raise UserError(f"{PARAMS} of {name}: {' '.join(str(error).split())}") from error
    if not isinstance(found, dict):
        raise UserError(f"{PARAMS} of {name}: expected sections, found {type(found).__name__}")
    return found


def _seed(params: Mapping[str, Any], name: str) -> int:
    seed = lookup(params, SEED)
    if not isinstance(seed, int) or isinstance(seed, bool):
        found = "nothing" if seed is ABSENT else repr(seed)
        raise UserError(f"{PARAMS} of {name}: {SEED} must be an integer, found {found}")
    return seed


def _check_current(lock: Lock, params: Mapping[str, Any], text: str, name: str) -> None:
    """Raise UserError where the figures are not those of the params beside them."""
    recorded = lock.hash_of(METRICS)
    reason = lock.outdated(METRICS, params, IGNORED)
    if lock.stages and not recorded:
        reason = "dvc.lock has no stage that made it"
    if recorded and recorded != hashlib.md5(text.encode("utf8"), usedforsecurity=False).hexdigest():
        reason = "dvc.lock records another content"
    if reason:
        again = "run `dvc repro`" if name == WORKSPACE else "run it again, with `dvc repro` or `dvc exp run`"
        raise UserError(f"{METRICS} of {name}: is out of date: {reason}: {again}")


def _intervals(folder: Path, commit: str | None, name: str, lock: Lock, params: Mapping[str, Any]) -> dict[str, Any]:
    """intervals.json, unless it is absent or was made from other figures."""
    unknown = bool(lock.stages) and not lock.hash_of(INTERVALS)
    if unknown or lock.outdated(INTERVALS, params, IGNORED):
        return {}
    return _json(content(folder, commit, INTERVALS), INTERVALS, name)


def _figures(text: str, file: str, name: str) -> dict[str, Any]:
    found = _json(text, file, name)
    if not any(value is not None for value in dotted(found).values()):
        raise UserError(f"{file} of {name}: has no figure")
    return found


def _json(text: str | None, file: str, name: str) -> dict[str, Any]:
    """An object; without a text an empty one."""
    try:
        found = json.loads(text) if text is not None else {}
    except (ValueError, RecursionError) as error:
        raise UserError(f"{file} of {name}: not JSON: {error}") from error
    if not isinstance(found, dict):
        raise UserError(f"{file} of {name}: expected an object, found {type(found).__name__}")
    return found


def _sections(own: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in own.items() if isinstance(value, dict)}


def _own_scores(metrics: Mapping[str, Any], figures: Mapping[str, Any], intervals: Mapping[str, Any]) -> Iterator[str]:
    """Figures of no head in metrics.json, those at a glance, and each ``<section>.score``."""
    yield from (key for key, value in metrics.items() if isinstance(value, int | float))
    yield from (name for name in intervals.get("headline", ()) if name in figures)
    yield from (name for name in figures if name.endswith(".score"))
