"""The record of an epoch, and the running sums of a validation."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from tailwise.metrics.interventions import Intervention


@dataclass(frozen=True)
class PartialMetrics:
    """Metrics of some validation samples. parts: {metric: its `part`}"""

    samples: int = 0
    parts: dict[str, np.ndarray] = field(default_factory=dict[str, np.ndarray])


@dataclass
class MetricSums:
    """Sums of the parts so far, as lists that are saved with the run. totals: {metric: (K,)}"""

    samples: int = 0
    totals: dict[str, list[float]] = field(default_factory=dict[str, list[float]])

    def add(self, found: Iterable[PartialMetrics]) -> None:
        """Add parts in their order, on which sums of floats depend."""
        for some in found:
            self.samples += some.samples
            for name, part in some.parts.items():
                self.totals[name] = np.add(self.totals.get(name, 0.0), part).tolist()


@dataclass(frozen=True)
class EpochRecord:
    """One epoch. epoch counts from 1; lr is the last one used; loss is the training loss.

    norm: mean gradient norm over the steps, before clipping
    totals: {metric: its sums over the validation samples}; its figures are `Metric.value` of them
    score: used for choosing the best epoch; None if undefined or nothing is selected
    interventions: in this epoch
    sharpness: mean over the steps of the loss's rise to the worst weights nearby, with an optimizer such as SAM
    factors: {head: the factor of each class in this epoch}, of heads whose loss adapts
    block_norms: {block of the model: mean norm of its gradient over the steps}, before clipping
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
    sharpness: float | None = None
    factors: dict[str, list[float]] = field(default_factory=dict[str, list[float]])
    block_norms: dict[str, float] = field(default_factory=dict[str, float])

    @property
    def stopped(self) -> bool:
        """Whether a limit was exceeded in this epoch, which ends the phase."""
        return any(each.action == "stop" for each in self.interventions)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @staticmethod
    def from_json(values: dict[str, Any]) -> "EpochRecord":
        interventions = tuple(Intervention(**each) for each in values["interventions"])
        fields: dict[str, Any] = {**values, "interventions": interventions}
        return EpochRecord(**fields)
