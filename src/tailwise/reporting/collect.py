"""The facts of a run, gathered from the files that its stages left."""

from dataclasses import dataclass
from pathlib import Path

from tailwise.core.files import read_json
from tailwise.reporting.history import History, read_history

FIGURES = ("macro_recall", "macro_f1", "accuracy", "min_recall", "loss")

Interval = dict[str, float | None]
"""value, low, high; None where undefined."""

UNKNOWN: Interval = {"value": None, "low": None, "high": None}


@dataclass(frozen=True)
class ClassRow:
    """One class: samples to learn from, to be judged on and predicted, boost of each phase, validation figures."""

    name: str
    train: int
    valid: int
    predicted: int
    boosts: list[float]
    recall: Interval
    precision: Interval
    f1: Interval


@dataclass(frozen=True)
class HeadFacts:
    """classes: in index order. valid: {figure: Interval}, rare classes as "rare_...". test: {figure: number}.

    rare: names; confusions: [{"actual", "predicted", "count", "share"}], most frequent first
    mistakes: [{"sample", "group", "actual", "predicted", "probabilities", "views"}]
    """

    name: str
    classes: list[ClassRow]
    valid: dict[str, Interval]
    test: dict[str, float | None]
    rare: list[str]
    confusions: list[dict]
    mistakes: list[dict]


@dataclass(frozen=True)
class Facts:
    """All that the report shows.

    scores: {name: (validation, test)}; target: {figure: number}, of validation
    few: samples below which a figure of a class is no measurement; limits: of the validation figures, in sentences
    official: what SoccerNet's evaluator says of {"valid", "test"}; None of other data
    contact: {head: {class: [{"sample", "strip": data URI}]}}; config: the parameters, as YAML
    """

    phases: list[str]
    scores: dict[str, tuple[float, float | None]]
    target: dict[str, float]
    few: int
    limits: list[str]
    official: dict[str, dict | None]
    heads: list[HeadFacts]
    history: History
    certificate: dict
    index: dict
    quality: dict
    contact: dict
    config: str


def collect(phases: list[str], root: Path = Path(".")) -> Facts:
    """Of the run in `root`, whose training had these phases. Raises UserError if a file is absent or no JSON."""
    reports = root / "reports"
    names = ("metrics", "certificate", "classes", "judgement", "mistakes", "index", "quality", "contact")
    found = {name: read_json(reports / f"{name}.json") for name in names}
    classes = {head: list(counts) for head, counts in found["classes"]["train"].items()}
    boosts = [read_json(root / f"data/weights/{phase}/boost.json")["boost"] for phase in phases]
    test = found["certificate"]["figures"]
    scores = {name: value for name, value in found["metrics"].items() if not isinstance(value, dict)}
    return Facts(
        phases=phases,
        scores={name: (value, test.get(name)) for name, value in scores.items()},
        official={"valid": found["judgement"].get("official"), "test": found["certificate"].get("official")},
        **{name: found["judgement"][name] for name in ("target", "few", "limits")},
        heads=[_head(name, found, boosts) for name in classes],
        history=read_history(reports / "training", phases, classes),
        config=(reports / "config.yaml").read_text(encoding="utf8"),
        **{name: found[name] for name in ("certificate", "index", "quality", "contact")},
    )


def _head(name: str, found: dict, boosts: list[dict]) -> HeadFacts:
    judged, test = found["judgement"]["heads"][name], found["certificate"]["figures"][name]
    valid = {figure: judged[figure] for figure in ("macro_recall", "macro_f1", "accuracy")}
    measured = {figure: found["metrics"][name][figure] for figure in ("min_recall", "loss")}
    rare = {f"rare_{figure}": judged["rare"][figure] for figure in ("macro_recall", "macro_f1")}
    return HeadFacts(
        name=name,
        classes=[_class(name, label, found, boosts) for label in found["classes"]["train"][name]],
        valid={**valid, **{figure: {**UNKNOWN, "value": value} for figure, value in measured.items()}, **rare},
        test={figure: test[figure] for figure in FIGURES},
        rare=judged["rare"]["classes"],
        confusions=judged["confusions"],
        mistakes=found["mistakes"].get(name, []),
    )


def _class(head: str, label: str, found: dict, boosts: list[dict]) -> ClassRow:
    judged = found["judgement"]["heads"][head]["classes"][label]
    return ClassRow(
        label,
        *(found["classes"][split][head][label] for split in ("train", "valid")),
        judged["predicted"],
        [boost[head][label] for boost in boosts],
        *(judged[figure] for figure in ("recall", "precision", "f1")),
    )
