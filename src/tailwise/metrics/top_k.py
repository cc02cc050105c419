"""Top-k accuracy: the share of labels among the k most probable classes."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch

from tailwise.core.batch import Batch, Outputs
from tailwise.core.heads import IGNORE, Head
from tailwise.metrics.labels import Label


def ranks(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Rank of each label, (N,) from 0: the number of more probable classes; ties go to the first class.

    logits: (N, C); targets: (N,) class ids
    """
    own = logits.gather(1, targets[:, None])
    before = torch.arange(logits.shape[1], device=logits.device) < targets[:, None]
    return ((logits > own) | ((logits == own) & before)).sum(dim=1)


@dataclass(frozen=True)
class TopK:
    """total: number of labels, then for each k the number of labels among the k most probable. ks: at least 1"""

    head: Head
    ks: tuple[int, ...] = (1, 5)
    headline: ClassVar[tuple[str, ...]] = ("top_1",)

    @property
    def labels(self) -> dict[str, Label]:
        """All are one family."""
        return {f"top_{k}": Label("top-k accuracy", f"top {k}") for k in self.ks}

    def part(self, outputs: Outputs, batch: Batch) -> np.ndarray:
        logits, targets = outputs[self.head.name], batch.targets[self.head.name].flatten()
        kept = targets != IGNORE
        found = ranks(logits.reshape(-1, logits.shape[-1])[kept], targets[kept]).cpu().numpy()
        return np.array([len(found), *((found < k).sum() for k in self.ks)], np.float64)

    def value(self, total: np.ndarray) -> dict[str, float | None]:
        """{"top_k": share}; None without labels."""
        labels, hits = total[0], total[1:]
        return {f"top_{k}": float(hit / labels) if labels else None for k, hit in zip(self.ks, hits)}
