"""Checks a model against targets on the held-out test split. Pure functions."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, cast, get_args

from tailwise.evaluation.intervals import DRAWS, LEVEL, SEED, Interval
from tailwise.evaluation.measure import Measured, count_groups

Verdict = Literal["pass", "fail", "undecided"]
FEW, FEW_GROUPS = 20, 10
"""Minimum labels of a class for a verdict on its recall; minimum groups for any interval."""


@dataclass(frozen=True)
class Targets:
    """Of each head: macro_recall, macro_f1 and class_recall must exceed these, loss must stay below."""

    macro_recall: float
    macro_f1: float
    class_recall: float
    loss: float

    def __post_init__(self):
        if not all(0 <= value < 1 for value in (self.macro_recall, self.macro_f1, self.class_recall)):
            raise ValueError("macro_recall, macro_f1 and class_recall must be at least 0 and below 1")
        if self.loss <= 0:
            raise ValueError(f"loss must be positive, found {self.loss:g}")


@dataclass(frozen=True)
class TargetResult:
    """A figure with its interval, its target, and the verdict.

    samples: labels of the class, for figures of a class
    """

    head: str
    figure: str
    value: float | None
    low: float | None
    high: float | None
    target: float
    verdict: Verdict
    samples: int | None = None


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


def certify_split(
    heads: dict[str, Measured], losses: dict[str, float], targets: Targets
) -> tuple[list[TargetResult], list[str], dict[str, Any]]:
    """Verdicts on all targets of all heads, limits of the figures, and the bootstrap's settings.

    heads, losses: of each head, all on the same samples; losses: mean cross entropy
    """
    groups = count_groups(measured.predictions for measured in heads.values())
    rows: list[TargetResult] = []
    warnings = limits_of_groups(groups)
    for head, measured in heads.items():
        rows += certify_head(head, measured.support, groups, measured.figures, losses[head], targets)
        warnings += limits(head, measured.support)
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
        "targets": [asdict(row) for row in rows],
        "figures": figures,
        "limits": warnings,
        **facts,
    }


def _result(head: str, figure: str, interval: Interval, target: float) -> TargetResult:
    return TargetResult(head, figure, **asdict(interval), target=target, verdict=verdict_of(interval, target))
