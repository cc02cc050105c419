"""The facts of a run, gathered from the files that its stages wrote."""

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tailwise.core.files import read_json
from tailwise.metrics.dotted import dotted
from tailwise.metrics.labels import Label, label_of, labels_from_json
from tailwise.reporting.history import History, read_history
from tailwise.reporting.page import Page

NEEDED = {
    "result": ("metrics", "classes", "intervals"),
    "mistakes": ("mistakes",),
    "data": ("index",),
    "certificate": ("certificate", "intervals"),
    "calibration": ("calibration",),
    "map": ("map",),
    "explanations": ("explanations",),
}
"""{section: the files reports/<name>.json that it shows}. The section training shows reports/training/<phase>."""

Interval = dict[str, float | None]
"""value, low, high; None where undefined."""


@dataclass(frozen=True)
class ClassRow:
    """One class. train, valid: labels; predicted: of validation; boosts: {phase: boost}; validation figures."""

    name: str
    train: int
    valid: int
    predicted: int
    boosts: dict[str, float]
    recall: Interval
    precision: Interval
    f1: Interval


@dataclass(frozen=True)
class HeadFacts:
    """A head on validation.

    classes: in index order; figures: {name: Interval}, of the rare classes as "rare_..."; rare: names
    confusions: [{"actual", "predicted", "count", "share"}], most frequent first
    targets: [{"figure", "value", "low", "high", "target", "verdict", "samples"}]
    selective: {order: as in `evaluation.selective.risk_curves`}
    """

    name: str
    classes: list[ClassRow]
    figures: dict[str, Interval]
    rare: list[str]
    confusions: list[dict]
    targets: list[dict] = field(default_factory=list)
    selective: dict[str, dict] = field(default_factory=dict)

    @property
    def lost(self) -> list[ClassRow]:
        """Classes whose samples were all missed."""
        return [row for row in self.classes if row.recall["value"] == 0]

    @property
    def absent(self) -> list[ClassRow]:
        """Classes without a sample."""
        return [row for row in self.classes if row.recall["value"] is None]

    @property
    def weakest(self) -> ClassRow | None:
        """The class with the lowest recall; None where no class has a sample."""
        known = [row for row in self.classes if row.recall["value"] is not None]
        return min(known, key=lambda row: row.recall["value"] or 0.0, default=None)

    @property
    def verdict(self) -> str:
        """fail for a lost class or a missed target, else undecided if a target is, else pass."""
        found = {row["verdict"] for row in self.targets}
        return "fail" if self.lost or "fail" in found else "undecided" if "undecided" in found else "pass"

    @property
    def verdicts(self) -> dict[str, int]:
        """{verdict: targets}"""
        return count_verdicts(self.targets)

    def of_verdict(self, verdict: str) -> list[dict]:
        """The targets with this verdict, the most urgent first."""
        return sorted((row for row in self.targets if row["verdict"] == verdict), key=_urgency)


@dataclass(frozen=True)
class Facts:
    """All data of a report; empty for sections that are not shown.

    heads, scores: validation, scores are the figures of no head; units: {score: unit}
    headline: {dotted name: validation figure} of other metrics, to show at a glance
    targets: verdicts on figures of no head, as `HeadFacts.targets`
    target: {figure: number}; few: labels below which a class's figures are unreliable
    limits: of the validation figures, as sentences; boosted: phases with a boost
    mistakes: {head: [{"sample", "group", "actual", "predicted", "probabilities", what the recipe explains}]}
    difficulty: {head: {"easiest", "hardest": [{"sample", "actual", "confidence", what the recipe shows}]}}, if measured
    selection: as in reports/selection.json, if a phase was selected
    calibration, maps: {head: as in reports/calibration.json, reports/map.json}; config: the parameters, as YAML
    explanations: {head: as in reports/explanations.json}
    labels: {dotted name: name of the figure for people}; label_name: for what one label belongs to, "": the page's word
    own: of the pipeline's own sections
    """

    phases: list[str]
    history: History
    heads: list[HeadFacts] = field(default_factory=list)
    boosted: list[str] = field(default_factory=list)
    scores: dict[str, float | None] = field(default_factory=dict)
    headline: dict[str, float | None] = field(default_factory=dict)
    targets: list[dict] = field(default_factory=list)
    units: dict[str, str] = field(default_factory=dict)
    target: dict[str, float] = field(default_factory=dict)
    few: int = 0
    limits: list[str] = field(default_factory=list)
    mistakes: dict[str, list[dict]] = field(default_factory=dict)
    index: dict[str, dict] = field(default_factory=dict)
    certificate: dict[str, Any] = field(default_factory=dict)
    difficulty: dict[str, Any] = field(default_factory=dict)
    selection: dict[str, Any] = field(default_factory=dict)
    calibration: dict[str, Any] = field(default_factory=dict)
    maps: dict[str, Any] = field(default_factory=dict)
    explanations: dict[str, Any] = field(default_factory=dict)
    config: str = ""
    labels: dict[str, Label] = field(default_factory=dict)
    label_name: str = ""
    own: dict[str, Any] = field(default_factory=dict)

    def title(self, name: str) -> str:
        """The name for people of a figure by dotted name."""
        return label_of(name, self.labels).text

    @property
    def verdicts(self) -> dict[str, int]:
        """{verdict: targets}, of the heads and of the other figures."""
        return count_verdicts([*self.targets, *(row for head in self.heads for row in head.targets)])

    @property
    def own_verdicts(self) -> dict[str, int]:
        """{verdict: targets} of the figures of no head."""
        return count_verdicts(self.targets)

    def of_verdict(self, verdict: str) -> list[dict]:
        """The targets on figures of no head with this verdict."""
        return [row for row in self.targets if row["verdict"] == verdict]


def collect(page: Page, phases: list[str], root: Path = Path(".")) -> Facts:
    """Of the run in `root`, whose training had these phases. Raises UserError for a file that is absent or no JSON."""
    names = dict.fromkeys(name for section in page.sections for name in NEEDED.get(section, ()))
    found = {name: read_json(root / f"reports/{name}.json") for name in names}
    return Facts(
        phases=phases,
        history=read_history(root / "reports/training", phases),
        **(_result(found, _boosts(root, phases)) if "result" in page.sections else {}),
        **_targets(found.get("intervals", {})),
        **{name: found[name] for name in ("mistakes", "index", "certificate", "calibration") if name in found},
        maps=found.get("map", {}),
        explanations=found.get("explanations", {}),
        difficulty=_if_there(root / "reports/difficulty.json") if "data" in page.sections else {},
        selection=_if_there(root / "reports/selection.json") if "result" in page.sections else {},
        config=(root / "reports/config.yaml").read_text(encoding="utf8") if "run" in page.sections else "",
        own=page.collect(root),
    )


def count_verdicts(rows: Iterable[dict]) -> dict[str, int]:
    """{verdict: how many of the targets have it}"""
    found = Counter(row["verdict"] for row in rows)
    return {verdict: found[verdict] for verdict in ("pass", "fail", "undecided")}


def _urgency(target: dict) -> tuple[bool, float]:
    """Sort key: targets of the head, then of classes, lowest recall first and absent ones last."""
    if target["samples"] is None:
        return False, 0.0
    return True, math.inf if target["value"] is None else target["value"]


def _boosts(root: Path, phases: list[str]) -> dict[str, dict]:
    """{phase: {head: {class: boost}}} of the phases that had one."""
    files = {phase: root / f"data/weights/{phase}/boost.json" for phase in phases}
    return {phase: read_json(file)["boost"] for phase, file in files.items() if file.exists()}


def _if_there(file: Path) -> dict[str, Any]:
    """Empty for a pipeline without the stage that writes it."""
    return read_json(file) if file.exists() else {}


def _targets(intervals: dict) -> dict:
    names = ("target", "few", "limits", "units", "label_name")
    labels = {"labels": labels_from_json(intervals["labels"])} if "labels" in intervals else {}
    return {name: intervals[name] for name in names if name in intervals} | labels


def _result(found: dict, boosts: dict[str, dict]) -> dict:
    return {
        "heads": [_head(name, found, boosts) for name in found["intervals"]["heads"]],
        "boosted": list(boosts),
        "scores": {name: value for name, value in found["metrics"].items() if not isinstance(value, dict)},
        "headline": {name: dotted(found["metrics"]).get(name) for name in found["intervals"].get("headline", [])},
        "targets": [row for row in found["intervals"]["targets"] if row["head"] not in found["intervals"]["heads"]],
    }


def _head(name: str, found: dict, boosts: dict[str, dict]) -> HeadFacts:
    measured = found["intervals"]["heads"][name]
    figures = {figure: measured[figure] for figure in ("macro_recall", "macro_f1", "accuracy")}
    for figure in ("min_recall", "loss"):
        figures[figure] = {"value": found["metrics"][name][figure], "low": None, "high": None}
    figures |= {f"rare_{figure}": measured["rare"][figure] for figure in ("macro_recall", "macro_f1")}
    rows = [_class(name, label, found, boosts) for label in found["classes"]["train"][name]]
    targets = [row for row in found["intervals"]["targets"] if row["head"] == name]
    more = measured["rare"]["classes"], measured["confusions"], targets, measured.get("selective", {})
    return HeadFacts(name, rows, figures, *more)


def _class(head: str, label: str, found: dict, boosts: dict[str, dict]) -> ClassRow:
    measured = found["intervals"]["heads"][head]["classes"][label]
    train, valid = (found["classes"][split][head][label] for split in ("train", "valid"))
    recall, precision, f1 = (measured[figure] for figure in ("recall", "precision", "f1"))
    return ClassRow(
        label,
        train,
        valid,
        measured["predicted"],
        {phase: boost[head][label] for phase, boost in boosts.items() if head in boost},
        recall,
        precision,
        f1,
    )
