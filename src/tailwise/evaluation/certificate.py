"""Checks a model against targets on the held-out test split. Pure functions."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from types import MappingProxyType
from typing import Any, Literal, get_args

from tailwise.evaluation.intervals import DRAWS, LEVEL, SEED, Interval
from tailwise.evaluation.limits import (
    FEW,
    FEW_GROUPS,
    NO_LABELS,
    PLAIN_NAMES,
    Names,
    limits_of_groups,
)
from tailwise.evaluation.measure import Measured, count_groups
from tailwise.metrics.dotted import check_known, dotted
from tailwise.metrics.labels import Labels, label_of

Verdict = Literal["pass", "fail", "undecided"]


@dataclass(frozen=True)
class Targets:
    """Of each head: macro_recall, macro_f1 and class_recall must exceed these, loss must stay below.

    above, below: {figure of the split by dotted name: what it must exceed, or stay below}; they have no interval, their
        value on the split decides
    """

    macro_recall: float
    macro_f1: float
    class_recall: float
    loss: float
    above: dict[str, float] = field(default_factory=dict[str, float])
    below: dict[str, float] = field(default_factory=dict[str, float])

    def __post_init__(self):
        if not all(0 <= value < 1 for value in (self.macro_recall, self.macro_f1, self.class_recall)):
            raise ValueError("macro_recall, macro_f1 and class_recall must be at least 0 and below 1")
        if self.loss <= 0:
            raise ValueError(f"loss must be positive, found {self.loss:g}")
        for name in self.above.keys() & self.below.keys():
            if self.above[name] >= self.below[name]:
                raise ValueError(f"{name} cannot be above {self.above[name]:g} and below {self.below[name]:g}")

    def check(self, known: Iterable[str]) -> None:
        """Raise UserError for a name in above or below that is no figure. known: by dotted name"""
        names = list(known)
        check_known("certificate.above", self.above, names)
        check_known("certificate.below", self.below, names)

    def without(self, start: str) -> "Targets":
        """Without the targets by dotted name that begin with this part."""
        kept = [{name: of[name] for name in of if name.partition(".")[0] != start} for of in (self.above, self.below)]
        return replace(self, above=kept[0], below=kept[1])

    @property
    def of_heads(self) -> dict[str, float]:
        """The targets that every head has."""
        return {name: value for name, value in asdict(self).items() if not isinstance(value, dict)}


@dataclass(frozen=True)
class TargetResult:
    """A figure with its interval, its target, and the verdict.

    head: or another metric of the pipeline; "" for one with a single figure
    samples: labels of the class, for figures of a class
    bound, title: of a target by dotted name; title: the figure's name for people
    """

    head: str
    figure: str
    value: float | None
    low: float | None
    high: float | None
    target: float
    verdict: Verdict
    samples: int | None = None
    bound: Literal["above", "below"] | None = None
    title: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Without a bound and a title where there is none."""
        found = asdict(self).items()
        return {name: value for name, value in found if value is not None or name not in ("bound", "title")}


def verdict_of(interval: Interval, target: float) -> Verdict:
    """pass or fail if the entire interval is on one side of the target, else undecided."""
    if interval.value is None or interval.low is None or interval.high is None:
        return "undecided"
    if interval.low <= target <= interval.high:
        return "undecided"
    return "pass" if interval.low > target else "fail"


def certify_head(
    head: str, support: dict[str, int], groups: int, figures: dict[str, Any], loss: float, targets: Targets
) -> list[TargetResult]:
    """Every target of a head.

    support: {class: labels}; groups: how many; figures: from `intervals`, its classes in the order of support
    The recall of a class with fewer than FEW labels stays undecided, and with fewer than FEW_GROUPS groups all do,
    whatever the interval: a bootstrap of so few may show no spread. The loss has no interval: its value decides.
    """
    rows = [_result(head, name, figures[name], getattr(targets, name)) for name in ("macro_recall", "macro_f1")]
    for (name, count), interval in zip(support.items(), figures["recall"]):
        row = replace(_result(head, f"recall of {name}", interval, targets.class_recall), samples=count)
        rows.append(row if count >= FEW else replace(row, verdict="undecided"))
    if groups < FEW_GROUPS:
        rows = [replace(row, verdict="undecided") for row in rows]
    reached: Verdict = "pass" if loss < targets.loss else "fail"
    return [*rows, TargetResult(head, "loss", loss, None, None, targets.loss, reached)]


def certify_figures(
    figures: Mapping[str, Any], targets: Targets, labels: Labels = NO_LABELS
) -> tuple[list[TargetResult], list[str]]:
    """The targets by dotted name, judged by value, and what that limits. figures: of the split, nested as in JSON

    Raises UserError for a name that is no figure.
    """
    known = dotted(figures)
    targets.check(known)
    rows = [_by_value(name, known[name], "above", target) for name, target in targets.above.items()]
    rows += [_by_value(name, known[name], "below", target) for name, target in targets.below.items()]
    titles = [label_of(name, labels).text for name in (*targets.above, *targets.below)]
    rows = [replace(row, title=title) for row, title in zip(rows, titles)]
    limit = f"Judged by their value on this split alone, without an interval: {'; '.join(titles)}."
    return rows, [limit] if rows else []


def _by_value(name: str, value: float | None, bound: Literal["above", "below"], target: float) -> TargetResult:
    head, _, figure = name.partition(".")
    reached: Verdict = "undecided"
    if value is not None:
        reached = "pass" if (value > target if bound == "above" else value < target) else "fail"
    return TargetResult(head if figure else "", figure or name, value, None, None, target, reached, bound=bound)


def of_enough_samples(rows: list[TargetResult], samples: Mapping[str, int]) -> list[TargetResult]:
    """The rows of a sequence head; the recall of a class in fewer than FEW sequences is undecided, too.

    Its positions are not independent: many of them may be of one sequence. samples: {class: sequences that have it}
    """
    few = {f"recall of {name}" for name, count in samples.items() if count < FEW}
    return [replace(row, verdict="undecided") if row.figure in few else row for row in rows]


def certify_split(
    heads: dict[str, Measured],
    losses: dict[str, float],
    targets: Targets,
    figures: Mapping[str, Any] = MappingProxyType({}),
    names: Names = PLAIN_NAMES,
) -> tuple[list[TargetResult], list[str], dict[str, Any]]:
    """Verdicts on all targets of all heads, limits of the figures, and the bootstrap's settings.

    heads, losses: of each head, all on the same samples; losses: mean cross entropy
    figures: of the split, for targets by dotted name; names: words of the pipeline
    """
    groups = count_groups(measured.predictions for measured in heads.values())
    rows: list[TargetResult] = []
    warnings = limits_of_groups(groups)
    for head, measured in heads.items():
        of_head = certify_head(head, measured.support, groups, measured.figures, losses[head], targets)
        samples = measured.samples
        rows += of_head if samples is None else of_enough_samples(of_head, samples)
        warnings += measured.limits(names)
    by_name, unbounded = certify_figures(figures, targets, names.figures)
    rows, warnings = [*rows, *by_name], [*warnings, *unbounded]
    return rows, warnings, {"over": "groups", "groups": groups, "draws": DRAWS, "level": LEVEL, "seed": SEED}


def certificate(
    rows: list[TargetResult], figures: Mapping[str, Any], warnings: list[str], facts: dict[str, Any]
) -> dict[str, Any]:
    """The certificate as JSON. figures: of the split; warnings: its limits; facts: hashes, seed, bootstrap."""
    counted = Counter(row.verdict for row in rows)
    return {
        "verdicts": {verdict: counted[verdict] for verdict in get_args(Verdict)},
        "targets": [row.to_json() for row in rows],
        "figures": figures,
        "limits": warnings,
        **facts,
    }


def _result(head: str, figure: str, interval: Interval, target: float) -> TargetResult:
    return TargetResult(head, figure, **asdict(interval), target=target, verdict=verdict_of(interval, target))
