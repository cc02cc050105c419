"""Metrics as sums over batches and processes, and figures computed from the total."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np

from tailwise.core.batch import Batch, Outputs
from tailwise.metrics.confusion import mean_known
from tailwise.metrics.dotted import dotted
from tailwise.metrics.labels import Label

Number = float | int | None
"""A figure; None if undefined, as without labels."""
Figures = Number | Mapping[str, Number | Mapping[str, Number]]
"""One number, or {figure: number or {class: number}}: JSON without NaN."""


class Metric(Protocol):
    """A metric accumulated as sums, so that resuming and several processes give the same value.

    For top-k accuracy `part` counts hits and labels, parts are added, and `value` divides.
    It may have `headline`, a tuple of the names of its figures to show at a glance, beside the heads', and `labels`,
    {figure: its name for people}.
    """

    def part(self, outputs: Outputs, batch: Batch) -> np.ndarray:
        """(K,) float64, sums over the batch; K is the same for every batch. Outputs are float32, without gradient."""
        ...

    def value(self, total: np.ndarray) -> Figures:
        """The figures of summed parts."""
        ...


@dataclass(frozen=True)
class Select:
    """The figure used for choosing the best epoch and for early stopping.

    metric: name in `Task.metrics`, or several names, which are averaged
    figure: for metrics with several figures, which one
    mode: "max" if larger is better, else "min"
    """

    metric: str | tuple[str, ...]
    figure: str = ""
    mode: Literal["max", "min"] = "max"

    @property
    def names(self) -> tuple[str, ...]:
        return (self.metric,) if isinstance(self.metric, str) else self.metric

    def score(self, figures: Mapping[str, Figures]) -> float | None:
        """Mean over the metrics, ignoring undefined ones; None if all are. figures: {metric: its value}"""
        found = mean_known(self._number(name, figures[name]) for name in self.names)
        return None if math.isnan(found) else found

    def better(self, score: float | None, than: float | None) -> bool:
        """Whether a score is strictly better than another; an undefined one is not."""
        if score is None or than is None:
            return than is None and score is not None
        return score > than if self.mode == "max" else score < than

    def _number(self, name: str, value: Figures) -> Number:
        if value is None:
            return None
        if isinstance(value, Mapping):
            if self.figure not in value:
                raise ValueError(f"select: metric {name} has no figure {self.figure!r}; it has {', '.join(value)}")
            value = value[self.figure]
        elif self.figure:
            raise ValueError(f"select: metric {name} is one number and has no figure {self.figure!r}")
        if isinstance(value, Mapping):
            raise ValueError(f"select: {self.figure} of metric {name} is a number a class, not one number")
        return value


def headlines(metrics: Mapping[str, Metric], figures: Mapping[str, Figures]) -> list[str]:
    """Dotted names of the figures to show at a glance, see `Metric`. figures: {metric: its value}

    Raises ValueError for a name that is no figure of its metric.
    """
    names = [f"{name}.{figure}" for name, metric in metrics.items() for figure in getattr(metric, "headline", ())]
    if unknown := [name for name in names if name not in dotted(figures)]:
        raise ValueError(f"headline: there is no figure {unknown[0]}; there are {', '.join(dotted(figures))}")
    return names


def labels_of(metrics: Mapping[str, Metric]) -> dict[str, Label]:
    """{dotted name: its label} of the figures whose metric names them."""
    found: dict[str, Label] = {}
    for name, metric in metrics.items():
        of_metric: Mapping[str, Label] = getattr(metric, "labels", {})
        found |= {f"{name}.{figure}": label for figure, label in of_metric.items()}
    return found


def figures_of(metrics: Mapping[str, Metric], totals: Mapping[str, Sequence[float]]) -> dict[str, Figures]:
    """{metric: its value} of summed parts; None for metrics without parts."""
    return {
        name: metric.value(np.asarray(totals[name])) if name in totals else None for name, metric in metrics.items()
    }
