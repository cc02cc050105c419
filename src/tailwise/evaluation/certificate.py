"""Checks a model against targets on the held-out test split. Pure functions."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from types import MappingProxyType
from typing import Any, Literal, cast, get_args

from tailwise.evaluation.intervals import DRAWS, LEVEL, SEED, Interval
from tailwise.evaluation.measure import Measured, count_groups
from tailwise.metrics.dotted import check_known, dotted

Verdict = Literal["pass", "fail", "undecided"]
FEW, FEW_GROUPS = 20, 10
"""Minimum labels of a class for a verdict on its recall; minimum groups for any interval."""


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

    @property
    def of_heads(self) -> dict[str, float]:
        """The targets that every head has."""
        return {name: value for name, value in asdict(self).items() if not isinstance(value, dict)}


@dataclass(frozen=True)
class TargetResult:
    """A figure with its interval, its target, and the verdict.

    head: or another metric of the pipeline; "" for one with a single figure
    samples: labels of the class, for figures of a class
    bound: of a target by dotted name
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

    def to_json(self) -> dict[str, Any]:
        """Without a bound where there is none."""
        return {name: value for name, value in asdict(self).items() if (name, value) != ("bound", None)}


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


def certify_figures(figures: Mapping[str, Any], targets: Targets) -> tuple[list[TargetResult], list[str]]:
    """The targets by dotted name, judged by value, and what that limits. figures: of the split, nested as in JSON

    Raises UserError for a name that is no figure.
    """
    known = dotted(figures)
    check_known("certificate.above", targets.above, known)
    check_known("certificate.below", targets.below, known)
    rows = [_by_value(name, known[name], "above", target) for name, target in targets.above.items()]
    rows += [_by_value(name, known[name], "below", target) for name, target in targets.below.items()]
    names = ", ".join(f"{row.head} {row.figure}".strip() for row in rows)
    return rows, [f"Judged by their value on this split alone, without an interval: {names}."] if rows else []


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
    sample_name: str = "sample",
) -> tuple[list[TargetResult], list[str], dict[str, Any]]:
    """Verdicts on all targets of all heads, limits of the figures, and the bootstrap's settings.

    heads, losses: of each head, all on the same samples; losses: mean cross entropy
    figures: of the split, for targets by dotted name; sample_name: the word for one sample
    """
    groups = count_groups(measured.predictions for measured in heads.values())
    rows: list[TargetResult] = []
    warnings = limits_of_groups(groups)
    for head, measured in heads.items():
        of_head = certify_head(head, measured.support, groups, measured.figures, losses[head], targets)
        samples = measured.samples
        rows += of_head if samples is None else of_enough_samples(of_head, samples)
        warnings += (
            limits(head, measured.support) if samples is None else limits_of_sequences(head, samples, sample_name)
        )
    by_name, unbounded = certify_figures(figures, targets)
    rows, warnings = [*rows, *by_name], [*warnings, *unbounded]
    return rows, warnings, {"over": "groups", "groups": groups, "draws": DRAWS, "level": LEVEL, "seed": SEED}


def limits_of_intervals(sample_name: str) -> str:
    """What an interval covers, in a sentence. sample_name: the word for one sample"""
    return (
        f"The intervals cover the choice of {sample_name}s and their groups, not the training: another seed trains "
        "another model, with other figures."
    )


def limits(head: str, support: dict[str, int]) -> list[str]:
    """Limits of a head's figures, as sentences. support: {class: labels}"""
    absent = [name for name, count in support.items() if not count]
    few = {name: count for name, count in support.items() if 0 < count < FEW}
    lines = [f"{head}: {name} has no sample: it has no figures, and the macro figures leave it out." for name in absent]
    lines += [f"{head}: {samples(count)} of {name}: too few to measure its recall." for name, count in few.items()]
    return lines


def limits_of_sequences(head: str, found: dict[str, int], sample_name: str) -> list[str]:
    """Limits of a sequence head's figures, as sentences. found: {class: sequences that have it}"""
    absent = [name for name, count in found.items() if not count]
    few = {name: count for name, count in found.items() if 0 < count < FEW}
    lines = [
        f"{head}: {name} has no position: it has no figures, and the macro figures leave it out." for name in absent
    ]
    lines += [
        f"{head}: {name} is in {count} {sample_name}{'s' if count != 1 else ''}: too few to measure its recall."
        for name, count in few.items()
    ]
    return lines


def limits_of_groups(groups: int) -> list[str]:
    """The limit of too few groups, as a sentence."""
    return (
        [f"Only {groups} {'group' if groups == 1 else 'groups'}: too few for meaningful intervals."]
        if groups < FEW_GROUPS
        else []
    )


def limits_of_model(spec: dict[str, Any], asked: dict[str, Any] | None) -> list[str]:
    """The limit of a fallback model, as a sentence.

    spec: of the model; asked: the specification in params.yaml, None if the model is no fallback
    """
    if asked is None:
        return []
    wanted = dict(_leaves(asked))
    differing = ((path, value) for path, value in _leaves(spec) if value != wanted.get(path))
    changed = [f"{path} is {value}, not {wanted.get(path)}" for path, value in differing]
    return [f"Training fell back to a simpler model than params.yaml asks for: {', '.join(changed)}."]


def _leaves(values: dict[str, Any], path: str = "") -> Iterator[tuple[str, object]]:
    """(dotted path, value) of what is nested."""
    for key, value in values.items():
        if isinstance(value, dict):
            yield from _leaves(cast(dict[str, Any], value), f"{path}{key}.")
        else:
            yield f"{path}{key}", value


def samples(count: int) -> str:
    return f"{count} sample" if count == 1 else f"{count} samples"


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
