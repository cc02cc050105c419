"""The facts of a run, gathered from the files that its stages left."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tailwise import metrics
from tailwise.core.files import read_csv, read_json

FIGURES = ("macro_recall", "macro_f1", "accuracy", "min_recall", "loss")


@dataclass(frozen=True)
class ClassRow:
    """One class: samples to learn from and to be judged on, boost of each phase, recalls (None if undefined)."""

    name: str
    train: int
    valid: int
    boosts: list[float]
    valid_recall: float | None
    test_recall: float | None


@dataclass(frozen=True)
class HeadFacts:
    """classes: in index order; confusion: validation counts, rows actual; curves: {phase: rows by epoch}"""

    name: str
    classes: list[ClassRow]
    confusion: list[list[int]]
    valid: dict[str, float]
    test: dict[str, float]


@dataclass(frozen=True)
class Facts:
    """All that the report shows.

    scores: {name: (validation, test)}; epochs: {phase: rows of epochs.csv}
    contact: {head: {class: [{"sample", "strip": data URI}]}}; config: the parameters, as YAML
    """

    scores: dict[str, tuple[float, float]]
    heads: list[HeadFacts]
    epochs: dict[str, list[dict[str, str]]]
    alerts: list[dict]
    index: dict
    quality: dict
    contact: dict
    config: str


def collect(phases: list[str], root: Path = Path(".")) -> Facts:
    reports = root / "reports"
    valid, test = read_json(reports / "metrics.json"), read_json(reports / "certificate.json")["figures"]
    counts = read_json(reports / "classes.json")
    boosts = [read_json(root / f"data/weights/{phase}/boost.json")["boost"] for phase in phases]
    alerts = {phase: read_json(reports / f"training/{phase}/alerts.json") for phase in phases}
    return Facts(
        scores={name: (value, test[name]) for name, value in valid.items() if not isinstance(value, dict)},
        heads=[_head(name, valid, test, counts, boosts, reports) for name in counts["train"]],
        epochs={phase: read_csv(reports / f"training/{phase}/epochs.csv") for phase in phases},
        alerts=[{"phase": phase, **alert} for phase, of_phase in alerts.items() for alert in of_phase],
        index=read_json(reports / "index.json"),
        quality=read_json(reports / "quality.json"),
        contact=read_json(reports / "contact.json"),
        config=(reports / "config.yaml").read_text(encoding="utf8"),
    )


def _head(name: str, valid: dict, test: dict, counts: dict, boosts: list[dict], reports: Path) -> HeadFacts:
    names = list(counts["train"][name])
    answers = read_csv(reports / f"evaluation/{name}.csv")
    actual, predicted = ([names.index(row[column]) for row in answers] for column in ("actual", "predicted"))
    classes = [
        ClassRow(
            label,
            counts["train"][name][label],
            counts["valid"][name][label],
            [boost[name][label] for boost in boosts],
            valid[name]["recall"][label],
            test[name]["recall"][label],
        )
        for label in names
    ]
    confusion = metrics.confusion(np.array(actual), np.array(predicted), len(names)).tolist()
    figures = [{figure: split[name][figure] for figure in FIGURES} for split in (valid, test)]
    return HeadFacts(name, classes, confusion, *figures)
