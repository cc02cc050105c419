"""What the monitor warns of. Pure functions of the history."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from tailwise.core.batch import Head
from tailwise.engine.contract.record import EpochRecord

Kind = Literal["collapse", "dominance", "overfitting"]


@dataclass(frozen=True)
class Monitor:
    """lost_epochs: a class found 0 times for so many epochs on end is told
    max_share: so is a class that takes more than this share of its head's predictions, and leaves the others less
        than half of theirs
    rising_epochs: and a validation loss that rises so many times on end while the training loss falls
    """

    lost_epochs: int = 3
    max_share: float = 0.7
    rising_epochs: int = 3


@dataclass(frozen=True)
class Alert:
    """label: the class, "" where it is about the whole head"""

    epoch: int
    kind: Kind
    head: str
    label: str
    text: str


def alerts(history: list[EpochRecord], heads: tuple[Head, ...], monitor: Monitor = Monitor()) -> list[Alert]:
    """All that is to be told, by epoch; what lasts is told once, when it becomes known."""
    found = [
        alert
        for head in heads
        for told in (collapsed, dominating, overfitting)
        for alert in told(history, head, monitor)
    ]
    return sorted(found, key=lambda alert: alert.epoch)


def collapsed(history: list[EpochRecord], head: Head, monitor: Monitor) -> Iterator[Alert]:
    """A class with samples, none of them found."""
    matrices = [record.heads[head.name].matrix for record in history]
    for i, label in enumerate(head.classes):
        lost = (bool(matrix[i].sum()) and not matrix[i, i] for matrix in matrices)
        for place in streaks(lost, monitor.lost_epochs):
            text = f"recall of {head.name} {label} is 0 for {monitor.lost_epochs} epochs"
            yield Alert(history[place].epoch, "collapse", head.name, label, text)


def dominating(history: list[EpochRecord], head: Head, monitor: Monitor) -> Iterator[Alert]:
    """A class that takes too many of the predictions."""
    matrices = [record.heads[head.name].matrix for record in history]
    for i, label in enumerate(head.classes):
        samples, shares = ([m.sum(axis)[i] / max(m.sum(), 1) for m in matrices] for axis in (1, 0))
        above = (share > max(monitor.max_share, (1 + own) / 2) for own, share in zip(samples, shares))
        for place in streaks(above, 1):
            text = f"{shares[place]:.0%} of all predictions of {head.name} are {label}"
            yield Alert(history[place].epoch, "dominance", head.name, label, text)


def overfitting(history: list[EpochRecord], head: Head, monitor: Monitor) -> Iterator[Alert]:
    """Validation loss rises while training loss falls."""
    losses = [(record.loss, record.heads[head.name].loss) for record in history]
    apart = (now[0] < before[0] and now[1] > before[1] for before, now in zip(losses, losses[1:]))
    for place in streaks(apart, monitor.rising_epochs):
        text = f"validation loss of {head.name} rose {monitor.rising_epochs} times on end while training loss fell"
        yield Alert(history[place + 1].epoch, "overfitting", head.name, "", text)


def streaks(flags: Iterable[bool], patience: int) -> Iterator[int]:
    """Places at which `patience` flags on end were true, once a spell."""
    length = 0
    for place, flag in enumerate(flags):
        length = length + 1 if flag else 0
        if length == patience:
            yield place
