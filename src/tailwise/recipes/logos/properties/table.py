"""Measures of many logos, in worker processes because a picture may crash one."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import numpy as np

from tailwise.core.errors import UserError
from tailwise.core.files import read_csv, write_csv
from tailwise.core.stage.progress import Progress
from tailwise.core.system.guarded import map_guarded
from tailwise.data.images.canvas import over, read_picture
from tailwise.data.images.picture import PictureError
from tailwise.data.images.store import TIMEOUT_S, Opener
from tailwise.recipes.logos.properties.pixels import MEASURES, SIDE, measure

TOGETHER = 32
"""Logos per unit of work."""
WHITE, BLACK = (255, 255, 255), (0, 0, 0)


@dataclass(frozen=True)
class _Part:
    """Paths to measure. lost: {path: reason} of those that crashed a process, or hang"""

    paths: tuple[str, ...]
    lost: dict[str, str] = field(default_factory=dict)

    def without(self, path: str, reason: str) -> "_Part":
        return replace(self, lost={**self.lost, path: reason})


def measure_file(content: bytes) -> np.ndarray:
    """The measures of a picture file; PictureError if it cannot be used. A white logo is measured on black."""
    pixels = read_picture(content, SIDE).pixels
    try:
        return measure(np.asarray(over(pixels, WHITE)))
    except PictureError:
        return measure(np.asarray(over(pixels, BLACK)))


def measure_files(paths: Sequence[str], opener: Opener, workers: int) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """{path: measures}, and {path: reason} of the logos that cannot be measured."""
    parts = [_Part(tuple(paths[start : start + TOGETHER])) for start in range(0, len(paths), TOGETHER)]
    found: dict[str, np.ndarray] = {}
    faults: dict[str, str] = {}
    with Progress("measures", len(paths), "images") as progress:
        work = partial(_measure_part, opener=opener)
        for _, (measured, lost) in map_guarded(work, parts, workers, TIMEOUT_S, _Part.without, progress.advance):
            found |= measured
            faults |= lost
    return found, faults


def _measure_part(
    part: _Part, report: Callable[[str], None], opener: Opener
) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    found, faults = {}, dict(part.lost)
    for path in (path for path in part.paths if path not in part.lost):
        report(path)
        try:
            found[path] = measure_file(opener(path))
        except (PictureError, UserError) as error:
            faults[path] = str(error)
        except FileNotFoundError:
            faults[path] = "absent"
    return found, faults


def write_measures(file: Path, measured: Mapping[str, np.ndarray]) -> None:
    """A row a logo: sample, and each measure. measured: {sample: measures}"""
    rows = ([sample, *values.tolist()] for sample, values in measured.items())
    write_csv(file, ["sample", *MEASURES], rows)


def read_measures(file: Path) -> dict[str, np.ndarray]:
    """What `write_measures` wrote; UserError for a table of other measures."""
    try:
        return {row["sample"]: np.array([float(row[name]) for name in MEASURES]) for row in read_csv(file)}
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(f"{file}: needs a column for each measure: {error}: measure the logos again") from error
