"""The loss of each aspect on validation, and how often a picture is found again."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from tailwise.core.batch import Batch, Outputs
from tailwise.losses.image.contrast import nt_xent, partner_is_nearest
from tailwise.metrics.labels import Label
from tailwise.recipes.logos.contrast.model import PROJECTED
from tailwise.recipes.logos.contrast.options import Contrast


@dataclass(frozen=True)
class Pairing:
    """total: for each aspect its samples, the sum of their losses, and how many were found again.

    A sample is compared with those of its micro-batch: figures of other sizes of these are no comparison.
    """

    contrast: Contrast
    headline: ClassVar[tuple[str, ...]] = ("loss", "found")

    @property
    def labels(self) -> dict[str, Label]:
        """The mean loss and those of the aspects are one family."""
        losses = {"loss": Label("contrast loss", "mean")} | {
            name: Label("contrast loss", name) for name in self.contrast.aspects
        }
        return {**losses, "found": Label("views found again")}

    def part(self, outputs: Outputs, batch: Batch) -> np.ndarray:
        views, aspect = outputs[PROJECTED], batch.inputs["aspect"]
        loss = nt_xent(views, aspect, self.contrast.temperature).double().cpu().numpy()
        found, places = partner_is_nearest(views, aspect).cpu().numpy(), aspect.cpu().numpy()
        aspects = len(self.contrast.aspects)
        columns = [np.bincount(places, of, aspects) for of in (np.ones(len(places)), loss, found)]
        return np.stack(columns, axis=1).ravel()

    def value(self, total: np.ndarray) -> dict[str, float | None]:
        """{"loss": mean over the samples, "found": share, aspect: its mean loss}; None without samples."""
        rows = np.reshape(total, (-1, 3))
        samples, loss, found = rows.sum(axis=0).tolist()
        of_aspects = {
            name: row[1] / row[0] if row[0] else None for name, row in zip(self.contrast.aspects, rows.tolist())
        }
        if not samples:
            return {"loss": None, "found": None, **of_aspects}
        return {"loss": loss / samples, "found": found / samples, **of_aspects}
