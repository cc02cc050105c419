"""The share of each class in a head's predictions."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch

from tailwise.core.batch import Batch, Outputs
from tailwise.core.heads import IGNORE, Head
from tailwise.metrics.labels import Label


@dataclass(frozen=True)
class PredictedShares:
    """total: (C,) predictions of each class, of samples with a label."""

    head: Head
    headline: ClassVar[tuple[str, ...]] = ("largest",)

    @property
    def labels(self) -> dict[str, Label]:
        """The largest share, and those of the classes."""
        shares = {f"share.{name}": Label("share of the predictions", name) for name in self.head.classes}
        return {"largest": Label("share of the predictions", "largest"), **shares}

    def part(self, outputs: Outputs, batch: Batch) -> np.ndarray:
        predicted = outputs[self.head.name].argmax(dim=-1)[batch.targets[self.head.name] != IGNORE]
        return torch.bincount(predicted.cpu(), minlength=len(self.head.classes)).numpy().astype(np.float64)

    def value(self, total: np.ndarray) -> dict[str, Any]:
        """{"largest": share of the class that is predicted most, "share": {class: share}}; None without labels."""
        labels = total.sum()
        shares = [float(count / labels) if labels else None for count in total]
        largest = float(total.max() / labels) if labels else None
        return {"largest": largest, "share": dict(zip(self.head.classes, shares))}
