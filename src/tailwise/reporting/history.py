"""The epochs of all phases, as columns over the steps: one step is one epoch of one phase."""

import math
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from tailwise.core.files import read_csv, read_json
from tailwise.metrics.confusion import FIGURES
from tailwise.reporting.interventions import PhaseIntervention, read_computed, read_interventions

OVERALL = ("lr", "train_loss", "gradient_norm")
OF_CLASS = ("recall", "precision", "f1", "predicted")

Column = list[float | None]


@dataclass(frozen=True)
class Step:
    """One epoch of one phase. kept: the phase ended with the weights of this epoch."""

    phase: str
    epoch: int
    kept: bool


@dataclass(frozen=True)
class HeadHistory:
    """Columns over the steps.

    classes: in index order
    figures: {name of FIGURES: column}
    by_class: {name of OF_CLASS: rows (steps x classes)}
    confusion: of each step actual, predicted and count of the cells that are not zero, one after the other
    """

    classes: list[str]
    figures: dict[str, Column]
    by_class: dict[str, list[Column]]
    confusion: list[list[int]]


@dataclass(frozen=True)
class History:
    """figures: {name: column}, those of OVERALL first; heads: {name: its history}; alerts: each with its phase

    interventions, computed: {phase: ...}, without the phases that kept no such record
    """

    steps: list[Step]
    figures: dict[str, Column]
    heads: dict[str, HeadHistory]
    alerts: list[dict]
    interventions: dict[str, list[PhaseIntervention]]
    computed: dict[str, dict]


def read_history(folder: Path, phases: list[str]) -> History:
    """From `folder`/<phase>. Raises UserError if a file is absent."""
    rows = [(phase, row) for phase in phases for row in read_csv(folder / phase / "epochs.csv")]
    kept = {phase: read_json(folder / phase / "best.json")["epoch"] for phase in phases}
    steps = [Step(phase, int(row["epoch"]), int(row["epoch"]) == kept[phase]) for phase, row in rows]
    epochs = [row for _, row in rows]
    classes, confusion = (_by_step(folder, f"{name}.csv", phases, steps) for name in ("classes", "confusion"))
    heads = _heads(classes)
    return History(
        steps=steps,
        figures={name: _column(epochs, name) for name in _overall(epochs, heads)},
        heads={head: _head(head, names, epochs, classes, confusion) for head, names in heads.items()},
        alerts=[{"phase": phase, **alert} for phase in phases for alert in read_json(folder / phase / "alerts.json")],
        interventions=read_interventions(folder, phases),
        computed=read_computed(folder, phases),
    )


def number(text: str | None) -> float | None:
    """A cell of a table; None where it is empty, absent or not finite."""
    value = float(text) if text else math.nan
    return value if math.isfinite(value) else None


def _column(rows: list[dict[str, str]], name: str) -> Column:
    return [number(row.get(name)) for row in rows]


def _by_step(folder: Path, name: str, phases: list[str], steps: list[Step]) -> list[dict[str, list[dict]]]:
    """Of each step {head: rows of the table}."""
    found = defaultdict(lambda: defaultdict(list))
    for phase in phases:
        for row in read_csv(folder / phase / name):
            found[phase, int(row["epoch"])][row["head"]].append(row)
    return [found[step.phase, step.epoch] for step in steps]


def _heads(classes: list[dict[str, list[dict]]]) -> dict[str, list[str]]:
    """{head: classes in index order}, as the first epoch with the head lists them."""
    return {head: [row["class"] for row in rows] for step in reversed(classes) for head, rows in step.items()}


def _overall(epochs: list[dict[str, str]], heads: dict[str, list[str]]) -> list[str]:
    """Figures of no head, in the order of the table; the score only where no head shows what it is made of."""
    of_heads = {f"{head}_{figure}" for head in heads for figure in FIGURES}
    others = dict.fromkeys(name for row in epochs for name in row if name not in {"epoch", *OVERALL, *of_heads})
    return [*OVERALL, *(name for name in others if name != "score" or not heads)]


def _head(head: str, names: list[str], epochs: list[dict], classes: list[dict], confusion: list[dict]) -> HeadHistory:
    index = {name: i for i, name in enumerate(names)}
    return HeadHistory(
        classes=names,
        figures={name: _column(epochs, f"{head}_{name}") for name in FIGURES},
        by_class={name: [_over_classes(step[head], name, names) for step in classes] for name in OF_CLASS},
        confusion=[_cells(step[head], index) for step in confusion],
    )


def _over_classes(rows: list[dict], name: str, names: list[str]) -> Column:
    found = {row["class"]: number(row.get(name)) for row in rows}
    return [found.get(label) for label in names]


def _cells(rows: list[dict], index: dict[str, int]) -> list[int]:
    cells = sorted((index[row["actual"]], index[row["predicted"]], int(row["count"])) for row in rows)
    return [value for cell in cells for value in cell]
