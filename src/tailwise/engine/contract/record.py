"""What is known after an epoch, and the line that tells it."""

import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field

import numpy as np

from tailwise.core.batch import Head
from tailwise.metrics import confusion as metrics
from tailwise.metrics.interventions import Intervention


@dataclass(frozen=True)
class HeadMetrics:
    """One head on the validation samples: plain cross entropy and the confusion counts."""

    loss: float
    confusion: list[list[int]]

    @property
    def matrix(self) -> np.ndarray:
        return np.array(self.confusion)


@dataclass(frozen=True)
class PartialMetrics:
    """Some validation samples. heads: {head: (sum of cross entropy, labels, confusion counts (C, C))}"""

    samples: int = 0
    heads: dict[str, tuple[float, int, np.ndarray]] = field(default_factory=dict)


@dataclass
class MetricSums:
    """The sum of the parts so far, in plain lists."""

    samples: int = 0
    heads: dict[str, list] = field(default_factory=dict)

    def add(self, parts: Iterable[PartialMetrics]) -> None:
        """In their order: sums of floats depend on it."""
        for part in parts:
            self.samples += part.samples
            for head, (loss, labels, matrix) in part.heads.items():
                so_far, count, counts = self.heads.get(head, (0.0, 0, np.zeros_like(matrix)))
                self.heads[head] = [so_far + loss, count + labels, (counts + matrix).tolist()]

    def record(self, head: Head) -> HeadMetrics:
        """Plain cross entropy, a mean over the labels, and confusion; zeros of no samples."""
        size = len(head.classes)
        loss, labels, matrix = self.heads.get(head.name, (0.0, 0, np.zeros((size, size), int).tolist()))
        return HeadMetrics(loss / max(labels, 1), matrix)


@dataclass(frozen=True)
class EpochRecord:
    """One epoch. epoch counts from 1; lr is the last one used; loss is the training loss.

    norm: mean over the steps of the gradient's norm, before it is clipped
    interventions: in this epoch
    """

    phase: str
    epoch: int
    epochs: int
    lr: float
    loss: float
    norm: float
    heads: dict[str, HeadMetrics]
    interventions: tuple[Intervention, ...] = ()

    @property
    def score(self) -> float:
        """Mean over the heads of macro recall: what the best epoch is chosen by; without a head, the last is.

        A sum that does not depend on the order of the heads, which a saved state does not keep.
        """
        if not self.heads:
            return float(self.epoch)
        recalls = [metrics.macro(metrics.recall(head.matrix)) for head in self.heads.values()]
        known = [value for value in recalls if not math.isnan(value)]
        return math.fsum(known) / len(known) if known else 0.0

    def to_json(self) -> dict:
        return asdict(self)

    @staticmethod
    def from_json(values: dict) -> "EpochRecord":
        heads = {name: HeadMetrics(**head) for name, head in values["heads"].items()}
        interventions = tuple(Intervention(**each) for each in values["interventions"])
        return EpochRecord(**{**values, "heads": heads, "interventions": interventions})


def line(record: EpochRecord, heads: tuple[Head, ...]) -> str:
    """One readable line for the terminal."""
    parts = [f"{record.phase} epoch {record.epoch:>2}/{record.epochs}  loss {record.loss:.3f}  norm {record.norm:.2f}"]
    for head in heads:
        of_head = record.heads[head.name]
        recalls = metrics.recall(of_head.matrix)
        lowest = (
            ""
            if np.isnan(recalls).all()
            else f" (lowest {np.nanmin(recalls):.2f} {head.classes[np.nanargmin(recalls)]})"
        )
        parts.append(f"{head.name} recall {metrics.macro(recalls):.3f}{lowest}, loss {of_head.loss:.2f}")
    return "  |  ".join(parts)
