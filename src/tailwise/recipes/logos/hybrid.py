"""Rules and model together: rules on measured properties answer where they are sure, the model the rest."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from tailwise.core.files import read_csv, read_json
from tailwise.core.heads import Head
from tailwise.core.params.config import section
from tailwise.core.params.runtime import Runtime
from tailwise.core.system.cores import decode_workers
from tailwise.metrics import confusion as metrics
from tailwise.metrics.labels import Label
from tailwise.metrics.predictions import Predictions, read_predictions
from tailwise.recipes.logos.answers import answers, measure_rows
from tailwise.recipes.logos.properties.rules import read_rules
from tailwise.recipes.logos.source import Source
from tailwise.recipes.recipe import Extra

RULES, ROUTING = Path("data/rules"), Path("data/routing.json")
"""rules.json and the rules' predictions of validation; the confidence from which they answer."""
LABELS = {
    "hybrid.rules": Label("accuracy", "rules alone"),
    "hybrid.model": Label("accuracy", "model alone"),
    "hybrid.hybrid": Label("accuracy", "rules where they are sure, else the model"),
    "hybrid.coverage": Label("share that the rules answer"),
    "hybrid.threshold": Label("confidence from which the rules answer"),
}
"""Names of the figures for people."""
NEVER = 2.0
"""A threshold that no confidence reaches."""
POINTS = 50
"""Steps of a curve."""


@dataclass(frozen=True)
class Compared:
    """Accuracy of three ways on the same labels, and the share of labels that the rules answer in the hybrid."""

    rules: float
    model: float
    hybrid: float
    coverage: float


def by_rules(params: dict[str, Any], index: Path, head: Head) -> Predictions:
    """What the rules answer of a split: from the table of validation; else its images are measured."""
    table = RULES / index.name
    if table.exists():
        return read_predictions(table, head)
    rows = read_csv(index)
    workers = decode_workers(section(params, "runtime", Runtime).decoders)
    measured = measure_rows(rows, section(params, "data", Source), workers)
    return answers(read_rules(RULES / "rules.json"), head, rows, measured)


def confidence(found: Predictions) -> np.ndarray:
    """(N,) the probability of each predicted class."""
    return found.known_probabilities[np.arange(len(found)), found.predicted]


def aligned(rules: Predictions, model: Predictions) -> Predictions:
    """The rules' rows in the order of the model's; ValueError if a sample of the model has none."""
    place = {name: i for i, name in enumerate(rules.samples)}
    if absent := [name for name in model.samples if name not in place]:
        raise ValueError(f"the rules have no answer for {absent[0]!r}")
    return rules.take(np.array([place[name] for name in model.samples], int))


def routed(rules: Predictions, model: Predictions, threshold: float) -> Predictions:
    """The rules' answers where their confidence is at least the threshold, the model's elsewhere; rows are aligned."""
    sure = confidence(rules) >= threshold
    probabilities = np.where(sure[:, None], rules.known_probabilities, model.known_probabilities)
    return replace(model, predicted=np.where(sure, rules.predicted, model.predicted), probabilities=probabilities)


def accuracy(found: Predictions) -> float:
    """Of the rows that have a label."""
    known = found.labelled
    return float((known.predicted == known.targets).mean()) if len(known) else 0.0


def compared(rules: Predictions, model: Predictions, threshold: float) -> Compared:
    rules = aligned(rules, model)
    coverage = float((confidence(rules) >= threshold).mean()) if len(rules) else 0.0
    return Compared(accuracy(rules), accuracy(model), accuracy(routed(rules, model, threshold)), coverage)


def choose_threshold(rules: Predictions, model: Predictions) -> float:
    """The lowest threshold with the best accuracy of the hybrid, so that the rules answer most of what they can.

    Tries each confidence that the rules have, and never asking them.
    """
    rules = aligned(rules, model)
    tried = [*np.unique(confidence(rules)).tolist(), NEVER]
    return min(tried, key=lambda threshold: (-accuracy(routed(rules, model, threshold)), threshold))


def routing_curve(rules: Predictions, model: Predictions) -> dict[str, list[float]]:
    """{"coverage", "accuracy", "threshold"}: the hybrid from the model alone to the rules alone, in up to POINTS steps.

    coverage: share that the rules answer; threshold: NEVER where they answer nothing
    """
    rules = aligned(rules, model)
    surest_first = -np.sort(-confidence(rules))
    counts = np.unique(np.linspace(0, len(rules), POINTS + 1).astype(int))
    limits = [surest_first[count - 1] if count else NEVER for count in counts.tolist()]
    points = {}
    for limit in dict.fromkeys(limits):  # equally sure rules answer together
        found = compared(rules, model, float(limit))
        points[found.coverage] = (found.hybrid, float(limit))
    columns = {"coverage": list(points), "accuracy": [hybrid for hybrid, _ in points.values()]}
    return {**columns, "threshold": [limit for _, limit in points.values()]}


def recalls(rules: Predictions, model: Predictions, threshold: float) -> dict[str, dict[str, float | None]]:
    """{class: {"rules", "model", "hybrid": recall}}; None for a class without a label."""
    rules = aligned(rules, model)
    ways = {"rules": rules, "model": model, "hybrid": routed(rules, model, threshold)}
    of_ways = {way: metrics.recall(found.matrix) for way, found in ways.items()}
    return {
        name: {way: None if np.isnan(found[place]) else float(found[place]) for way, found in of_ways.items()}
        for place, name in enumerate(model.head.classes)
    }


def extra(params: dict[str, Any], index: Path, predictions: dict[str, Predictions]) -> Extra:
    """The figures `hybrid` of a split. index: its table"""
    threshold: float = read_json(ROUTING)["threshold"]
    (found,) = predictions.values()
    figures = vars(compared(by_rules(params, index, found.head), found, threshold))
    rounded: dict[str, Any] = {name: round(value, 6) for name, value in figures.items()}
    told = ", ".join(f"{name} {figures[name]:.3f}" for name in ("rules", "model", "hybrid"))
    line = f"accuracy: {told}; the rules answer {figures['coverage']:.0%}"
    return Extra({"hybrid": {**rounded, "threshold": round(threshold, 6)}}, [line], [line], labels=LABELS)
