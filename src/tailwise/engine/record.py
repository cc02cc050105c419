"""What is known after an epoch, and what is told about it. Observers read; nothing here trains."""

import math
from dataclasses import asdict, dataclass

import numpy as np

from tailwise import metrics
from tailwise.core.batch import Head


@dataclass(frozen=True)
class HeadRecord:
    """One head on the validation samples: plain cross entropy and the confusion counts."""

    loss: float
    confusion: list[list[int]]

    @property
    def matrix(self) -> np.ndarray:
        return np.array(self.confusion)


@dataclass(frozen=True)
class Record:
    """One epoch. epoch counts from 1; lr is the last one used; loss is the training loss."""

    phase: str
    epoch: int
    epochs: int
    lr: float
    loss: float
    heads: dict[str, HeadRecord]

    @property
    def score(self) -> float:
        """Mean over the heads of macro recall: what the best epoch is chosen by; without a head, the last is."""
        if not self.heads:
            return float(self.epoch)
        recalls = [metrics.macro(metrics.recall(head.matrix)) for head in self.heads.values()]
        known = [value for value in recalls if not math.isnan(value)]
        return sum(known) / len(known) if known else 0.0

    def to_json(self) -> dict:
        return asdict(self)

    @staticmethod
    def from_json(values: dict) -> "Record":
        heads = {name: HeadRecord(**head) for name, head in values["heads"].items()}
        return Record(**{**values, "heads": heads})


@dataclass(frozen=True)
class Alert:
    epoch: int
    head: str
    label: str
    text: str


def collapse_alerts(history: list[Record], heads: tuple[Head, ...], patience: int = 3) -> list[Alert]:
    """A class (with samples) found 0 times for `patience` epochs on end, told once a spell."""
    alerts = []
    for head in heads:
        spells = dict.fromkeys(head.classes, 0)
        for record in history:
            matrix = record.heads[head.name].matrix
            for name, hits, support in zip(head.classes, matrix.diagonal(), matrix.sum(axis=1)):
                spells[name] = spells[name] + 1 if support and not hits else 0
                if spells[name] == patience:
                    text = f"recall of {head.name} {name} is 0 for {patience} epochs"
                    alerts.append(Alert(record.epoch, head.name, name, text))
    return sorted(alerts, key=lambda alert: alert.epoch)


def line(record: Record, heads: tuple[Head, ...]) -> str:
    """One readable line for the terminal."""
    parts = [f"{record.phase} epoch {record.epoch:>2}/{record.epochs}  loss {record.loss:.3f}"]
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


def print_progress(heads: tuple[Head, ...]):
    """An observer that prints a line an epoch, and the alerts that this epoch raised."""

    def observe(history: list[Record]) -> None:
        print(line(history[-1], heads), flush=True)
        for alert in collapse_alerts(history, heads):
            if alert.epoch == history[-1].epoch:
                print(f"  alert: {alert.text}", flush=True)

    return observe
