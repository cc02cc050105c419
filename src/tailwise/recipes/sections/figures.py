"""The names of all figures of a split of songs, before there is any song."""

import numpy as np

from tailwise.core.heads import IGNORE, Head
from tailwise.evaluation.calibration.measures import FIGURES
from tailwise.evaluation.selective import selective_labels
from tailwise.metrics.dotted import dotted
from tailwise.recipes.sections.source import Source
from tailwise.recipes.sections.task import metrics
from tailwise.recipes.sections.tracks.structure import OF_SECONDS, Tolerances, as_batch, structure_figures
from tailwise.recipes.sections.tracks.track import Track


def figure_names(data: Source) -> list[str] | None:
    """Dotted, as certificate.above may have them; None where the songs decide which classes there are."""
    heads = tuple(Head(name, tuple(classes)) for name, classes in data.reader.heads.items())
    if not heads:
        return None
    reader = data.reader
    seconds: float | None = getattr(reader, "window", None) or getattr(reader, "seconds", None)
    none = Track("", "", np.array([IGNORE]), np.array([IGNORE]), np.zeros(1), seconds)
    batch = as_batch(none, heads[0])
    of_task = {name: metric.value(metric.part(*batch)) for name, metric in metrics(heads, seconds).items()}
    structure = structure_figures([none], heads[0], OF_SECONDS if seconds else Tolerances())
    own = dotted({**of_task, "structure": structure, "calibration": dict.fromkeys(FIGURES)})
    return [*own, *selective_labels([head.name for head in heads], ["confidence"])]
