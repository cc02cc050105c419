"""Options of a phase that depend on validation or on another phase, and their checks."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf

from tailwise.core.errors import UserError

SamplesOf = Callable[[int], Sequence[int]]
"""The indices of the training samples of an epoch, by its number from 0; a pure function. A curriculum is one."""


def stepwise(schedule: dict[int, list[int]]) -> SamplesOf:
    """A curriculum: {first epoch, from 1: indices}, each valid until the next entry."""
    return lambda epoch: schedule[max(first for first in schedule if first <= epoch + 1)]


def samples_by_epoch(samples: Iterable[int] | SamplesOf, epochs: int) -> list[list[int]]:
    """The samples of each epoch; raises UserError for an epoch without any."""
    every = None if callable(samples) else list(samples)
    found = [list(samples(epoch)) if callable(samples) else every or [] for epoch in range(epochs)]
    empty = [epoch for epoch, indices in enumerate(found, 1) if not indices]
    if empty:
        raise UserError(f"epoch {empty[0]} has no training sample")
    return found


def epochs_without_improvement(scores: Sequence[float], min_delta: float = 0.0) -> int:
    """Epochs since the last improvement by more than `min_delta`; higher scores are better."""
    best, waited = -inf, 0
    for score in scores:
        best, waited = (score, 0) if score > best + min_delta else (best, waited + 1)
    return waited


@dataclass(frozen=True)
class EarlyStopping:
    """Stops the phase after `patience` consecutive epochs without improvement, or at once where a limit is exceeded.

    patience: epochs, 1 or more
    min_delta: minimum change of the score that counts as an improvement
    limits: {validation figure, as metric.figure: its maximum}. The phase ends after an epoch that exceeds one; its best
        epoch is one before that, if there is any. With `hand_over: last` that epoch's own state is handed over
    """

    patience: int
    min_delta: float = 0.0
    limits: dict[str, float] = field(default_factory=dict[str, float])

    def __post_init__(self):
        if self.patience < 1 or self.min_delta < 0:
            raise ValueError("patience must be at least 1 and min_delta not negative")

    def exceeded(self, figures: Mapping[str, float | None]) -> tuple[str, float, float] | None:
        """(name, value, limit) of the first figure above its limit; None if none is. figures: by dotted name"""
        for name, limit in self.limits.items():
            if (value := figures.get(name)) is not None and value > limit:
                return name, value, limit
        return None

    def stops(self, scores: Sequence[float]) -> bool:
        return epochs_without_improvement(scores, self.min_delta) >= self.patience
