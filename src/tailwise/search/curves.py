"""The figures by epoch of a running trial, from the files that the monitor writes in its copy of the workspace."""

import csv
import io
import math
import shutil
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import yaml

from tailwise.compare.sweeps.pipeline import TRAINING
from tailwise.core.files import read_json
from tailwise.core.stage.chain import outputs
from tailwise.core.stage.folders import below_repository

HISTORY, EPOCHS = "reports/training", "epochs.csv"
COPIES = Path(".dvc/tmp/exps/standalone")
"""Where DVC has the copies of running experiments, below the repository."""


@dataclass(frozen=True)
class Curve:
    """stage: one that trains; file: of its figures by epoch, below the pipeline's folder"""

    stage: str
    file: str


def training_curves(file: Path) -> list[Curve]:
    """Of the stages of a dvc.yaml that train, in their order."""
    stages = yaml.safe_load(file.read_text("utf8"))["stages"]
    training = {name: stage for name, stage in stages.items() if TRAINING in f"{stage.get('cmd', '')} "}
    return [
        Curve(name, f"{out}/{EPOCHS}")
        for name, stage in training.items()
        for out in outputs(stage)
        if PurePosixPath(out).is_relative_to(HISTORY)
    ]


def read_curve(folder: Path, curves: Sequence[Curve], reached: Collection[str], column: str) -> list[float | None]:
    """A figure of all epochs so far, one stage after the other; None where it is undefined.

    folder: of the pipeline in the copy; reached: stages whose file is of this run and no older one
    """
    found: list[float | None] = []
    for curve in curves:
        if curve.stage in reached:
            with suppress(OSError):
                found += column_of((folder / curve.file).read_text("utf8"), column)
    return found


def column_of(text: str, column: str) -> list[float | None]:
    """A column of a CSV file; empty without it."""
    return [_number(row[column]) for row in csv.DictReader(io.StringIO(text)) if row.get(column) is not None]


def find_copy(folder: Path, name: str) -> Path | None:
    """The pipeline's folder in the copy in which DVC runs an experiment of this name; None before there is one."""
    found = [(info.stat().st_mtime, root) for info, root in _copies(folder, name)]
    return max(found)[1] / below_repository(folder.resolve()) if found else None


def remove_copies(folder: Path, name: str) -> None:
    """Remove what killed runs of an experiment have left. No run of this name may be at work."""
    for info, root in _copies(folder, name):
        shutil.rmtree(root, ignore_errors=True)
        shutil.rmtree(info.parent, ignore_errors=True)


def _copies(folder: Path, name: str) -> list[tuple[Path, Path]]:
    """(file of DVC about a run, root of its copy), of this experiment, where both are there."""
    place = _repository(folder) / COPIES
    found: list[tuple[Path, Path]] = []
    for info in place.glob("run/*/*.run"):
        with suppress(Exception):  # DVC is writing or removing it
            run = read_json(info)
            root = Path(run["root_dir"])
            if run["name"] == name and root.is_dir() and root.resolve().is_relative_to(place.resolve()):
                found.append((info, root))
    return found


def _repository(folder: Path) -> Path:
    here = folder.resolve()
    return next((parent for parent in (here, *here.parents) if (parent / ".dvc").is_dir()), here)


def _number(text: str) -> float | None:
    try:
        return number if math.isfinite(number := float(text)) else None
    except ValueError:
        return None
