"""What the model is to reach on fouls that nobody tuned on, and whether it did. Pure functions."""

from dataclasses import asdict, dataclass
from typing import Literal

from tailwise.judging.intervals import Interval

Verdict = Literal["pass", "fail", "undecided"]
FEW = 20
"""Samples of a class below which its recall is no measurement."""


@dataclass(frozen=True)
class Targets:
    """macro_recall, macro_f1 and class_recall are to be exceeded, loss is to stay below its target."""

    macro_recall: float
    macro_f1: float
    class_recall: float
    loss: float


@dataclass(frozen=True)
class Judged:
    """One target: what of, the figure with its interval, what was asked, and whether it is reached."""

    head: str
    figure: str
    value: float | None
    low: float | None
    high: float | None
    target: float
    verdict: Verdict


def verdict_of(interval: Interval, target: float) -> Verdict:
    """pass or fail where the whole interval lies on one side of the target, else undecided."""
    if interval.value is None or interval.low <= target <= interval.high:
        return "undecided"
    return "pass" if interval.low > target else "fail"


def judge_head(head: str, classes: list[str], told: dict, loss: float, targets: Targets) -> list[Judged]:
    """Every target of a head. told: from `intervals`; the loss has no interval, it passes or fails by its value."""
    rows = [_judged(head, name, told[name], getattr(targets, name)) for name in ("macro_recall", "macro_f1")]
    rows += [
        _judged(head, f"recall of {name}", interval, targets.class_recall)
        for name, interval in zip(classes, told["recall"])
    ]
    reached: Verdict = "pass" if loss < targets.loss else "fail"
    return [*rows, Judged(head, "loss", loss, None, None, targets.loss, reached)]


def limits(head: str, support: dict[str, int]) -> list[str]:
    """What the figures cannot tell, in sentences."""
    absent = [name for name, count in support.items() if not count]
    few = {name: count for name, count in support.items() if 0 < count < FEW}
    lines = [
        f"{head}: {name} has no sample: nothing is known of it, and the macro figures leave it out." for name in absent
    ]
    lines += [f"{head}: {count} samples of {name} are not a measurement." for name, count in few.items()]
    return lines


def _judged(head: str, figure: str, interval: Interval, target: float) -> Judged:
    return Judged(head, figure, **asdict(interval), target=target, verdict=verdict_of(interval, target))
