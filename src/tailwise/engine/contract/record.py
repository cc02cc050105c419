"""What is known after an epoch, and the sums of a validation that is under way."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from tailwise.metrics.interventions import Intervention


@dataclass(frozen=True)
class PartialMetrics:
    """Of some validation samples. parts: {metric: its `part` of them}"""

    samples: int = 0
    parts: dict[str, np.ndarray] = field(default_factory=dict[str, np.ndarray])


@dataclass
class MetricSums:
    """The parts so far, added, as plain lists: they are saved with the run. totals: {metric: (K,)}"""

    samples: int = 0
    totals: dict[str, list[float]] = field(default_factory=dict[str, list[float]])

    def add(self, found: Iterable[PartialMetrics]) -> None:
        """In their order: sums of floats depend on it."""
        for some in found:
            self.samples += some.samples
            for name, part in some.parts.items():
                self.totals[name] = np.add(self.totals.get(name, 0.0), part).tolist()


@dataclass(frozen=True)
class EpochRecord:
    """One epoch. epoch counts from 1; lr is the last one used; loss is the training loss.

    norm: mean over the steps of the gradient's norm, before it is clipped
    totals: {metric: its sums over the validation samples}; its figures are `Metric.value` of them
    score: what the best epoch is chosen by; None where it is unknown, or where nothing is selected
    interventions: in this epoch
    """

    phase: str
    epoch: int
    epochs: int
    lr: float
    loss: float
    norm: float
    totals: dict[str, list[float]]
    score: float | None = None
    interventions: tuple[Intervention, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @staticmethod
    def from_json(values: dict[str, Any]) -> "EpochRecord":
        interventions = tuple(Intervention(**each) for each in values["interventions"])
        fields: dict[str, Any] = {**values, "interventions": interventions}
        return EpochRecord(**fields)
