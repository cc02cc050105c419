"""Alerts about a running phase. Pure functions of the history."""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from tailwise.engine.contract.metric import Metric
from tailwise.engine.contract.record import EpochRecord
from tailwise.metrics.classification import Classification

Kind = Literal["collapse", "dominance", "overfitting", "vanishing gradient"]


@dataclass(frozen=True)
class Monitor:
    """Thresholds.

    lost_epochs: consecutive epochs in which a class has a recall of 0
    max_share: maximum share of one class in a head's predictions, if the others get less than half their share
    rising_epochs: consecutive rises of the validation loss while the training loss falls
    least_gradient, gradient_epochs: share of the gradient's norm that a block of the model falls short of, and for how
        many consecutive epochs; guards look at single steps and at parameters whose gradient is exactly 0
    """

    lost_epochs: int = 3
    max_share: float = 0.7
    rising_epochs: int = 3
    least_gradient: float = 1e-4
    gradient_epochs: int = 3


@dataclass(frozen=True)
class Alert:
    """head: "" for the whole model; label: the class, "" for the head"""

    epoch: int
    kind: Kind
    head: str
    label: str
    text: str


@dataclass(frozen=True)
class Curve:
    """A head over the epochs. train: losses in training; valid: in validation; matrices: confusion counts (C, C)"""

    name: str
    classes: tuple[str, ...]
    epochs: list[int]
    train: list[float]
    valid: list[float]
    matrices: list[np.ndarray]


def alerts(history: list[EpochRecord], metrics: Mapping[str, Metric], monitor: Monitor = Monitor()) -> list[Alert]:
    """All alerts by epoch; a lasting condition raises one alert, in the epoch in which it is detected."""
    curves = [curve(history, name, each) for name, each in metrics.items() if isinstance(each, Classification)]
    checks = (collapsed, dominating, overfitting)
    found = [alert for of_head in curves for check in checks for alert in check(of_head, monitor)]
    return sorted([*found, *vanishing(history, monitor)], key=lambda alert: alert.epoch)


def curve(history: list[EpochRecord], name: str, metric: Classification) -> Curve:
    totals = [record.totals.get(name, ()) for record in history]
    epochs, train = [record.epoch for record in history], [record.loss for record in history]
    valid, matrices = map(metric.loss, totals), map(metric.matrix, totals)
    return Curve(name, metric.head.classes, epochs, train, list(valid), list(matrices))


def collapsed(curve: Curve, monitor: Monitor) -> Iterator[Alert]:
    """A class with samples and a recall of 0."""
    for i, label in enumerate(curve.classes):
        lost = (bool(matrix[i].sum()) and not matrix[i, i] for matrix in curve.matrices)
        for index in streaks(lost, monitor.lost_epochs):
            text = f"recall of {curve.name} {label} is 0 for {monitor.lost_epochs} epochs"
            yield Alert(curve.epochs[index], "collapse", curve.name, label, text)


def dominating(curve: Curve, monitor: Monitor) -> Iterator[Alert]:
    """A class with too large a share of the predictions."""
    for i, label in enumerate(curve.classes):
        samples, shares = ([m.sum(axis)[i] / max(m.sum(), 1) for m in curve.matrices] for axis in (1, 0))
        above = (share > max(monitor.max_share, (1 + own) / 2) for own, share in zip(samples, shares))
        for index in streaks(above, 1):
            text = f"{shares[index]:.0%} of all predictions of {curve.name} are {label}"
            yield Alert(curve.epochs[index], "dominance", curve.name, label, text)


def overfitting(curve: Curve, monitor: Monitor) -> Iterator[Alert]:
    """Validation loss rises while training loss falls."""
    losses = list(zip(curve.train, curve.valid))
    apart = (now[0] < before[0] and now[1] > before[1] for before, now in zip(losses, losses[1:]))
    for index in streaks(apart, monitor.rising_epochs):
        text = f"validation loss of {curve.name} rose {monitor.rising_epochs} times on end while training loss fell"
        yield Alert(curve.epochs[index + 1], "overfitting", curve.name, "", text)


def vanishing(history: list[EpochRecord], monitor: Monitor) -> Iterator[Alert]:
    """A block of the model whose gradient is next to nothing beside that of the whole model."""
    limit = monitor.least_gradient
    for block in dict.fromkeys(name for record in history for name in record.block_norms):
        small = (record.block_norms.get(block, math.inf) < limit * record.norm for record in history)
        for index in streaks(small, monitor.gradient_epochs):
            text = f"gradient of {block} below {limit:g} of the model's for {monitor.gradient_epochs} epochs"
            yield Alert(history[index].epoch, "vanishing gradient", "", "", text)


def streaks(flags: Iterable[bool], patience: int) -> Iterator[int]:
    """Indices at which a streak of true flags reaches length `patience`."""
    length = 0
    for index, flag in enumerate(flags):
        length = length + 1 if flag else 0
        if length == patience:
            yield index
