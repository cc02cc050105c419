"""The epochs of all phases, as columns over the steps: one step is one epoch of one phase."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import pandas as pd

from tailwise.core.files import read_json
from tailwise.core.tables import Kind, column, read_table
from tailwise.metrics.confusion import FIGURES
from tailwise.reporting.interventions import PhaseIntervention, read_computed, read_interventions

OVERALL = ("lr", "train_loss", "gradient_norm")
OF_CLASS = ("recall", "precision", "f1", "predicted")

STEP = ["phase", "epoch"]
SCHEMAS: dict[str, dict[str, Kind]] = {
    "epochs": {"epoch": "integer"},
    "classes": {"epoch": "integer", "head": "text", "class": "text"},
    "confusion": {"epoch": "integer", "head": "text", "actual": "text", "predicted": "text", "count": "integer"},
}
"""{table of a phase: columns that it must have}; all others are numbers."""
GRADIENTS: dict[str, Kind] = {"epoch": "integer", "block": "text", "norm": "number"}
"""Columns of gradients.csv, which a phase has that was trained by a version that writes one."""

Column = list[float | None]


@dataclass(frozen=True)
class Step:
    """One epoch of one phase. kept: whether this is the phase's selected epoch."""

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

    interventions, computed: {phase: ...}, without phases that lack such a record
    block_norms: {block of the model: column}, the norm of its gradient
    """

    steps: list[Step]
    figures: dict[str, Column]
    heads: dict[str, HeadHistory]
    alerts: list[dict]
    interventions: dict[str, list[PhaseIntervention]]
    computed: dict[str, dict]
    block_norms: dict[str, Column]


def read_history(folder: Path, phases: list[str]) -> History:
    """From `folder`/<phase>. Raises UserError if a file is absent or has cells of another kind."""
    epochs, classes, confusion = (_over_phases(folder, phases, name) for name in SCHEMAS)
    kept = {phase: read_json(folder / phase / "best.json")["epoch"] for phase in phases}
    steps = [Step(phase, epoch, epoch == kept[phase]) for phase, epoch in zip(epochs["phase"], epochs["epoch"])]
    heads = classes["head"].unique()
    return History(
        steps=steps,
        figures={name: _column(epochs, name) for name in _overall(epochs, heads)},
        heads={head: _head(head, epochs, _of_head(classes, head), _of_head(confusion, head)) for head in heads},
        alerts=[{"phase": phase, **alert} for phase in phases for alert in read_json(folder / phase / "alerts.json")],
        interventions=read_interventions(folder, phases),
        computed=read_computed(folder, phases),
        block_norms=_block_norms(folder, phases, pd.MultiIndex.from_frame(epochs.loc[:, STEP])),
    )


def finite(values: Iterable[float]) -> Column:
    """The numbers; None for one that is missing or not finite."""
    return [value if math.isfinite(value) else None for value in values]


def _over_phases(folder: Path, phases: list[str], name: str) -> pd.DataFrame:
    """A table of all phases, concatenated, with a column `phase`."""
    tables = [read_table(folder / phase / f"{name}.csv", SCHEMAS[name], others="number") for phase in phases]
    return pd.concat([of.assign(phase=phase) for of, phase in zip(tables, phases)], ignore_index=True)


def _block_norms(folder: Path, phases: list[str], steps: pd.MultiIndex) -> dict[str, Column]:
    files = {phase: folder / phase / "gradients.csv" for phase in phases}
    tables = [read_table(file, GRADIENTS).assign(phase=phase) for phase, file in files.items() if file.exists()]
    if not tables:
        return {}
    table = pd.concat(tables, ignore_index=True)
    of_blocks = table.groupby("block", sort=False)
    return {str(block): finite(of.set_index(STEP)["norm"].reindex(steps).tolist()) for block, of in of_blocks}


def _column(epochs: pd.DataFrame, name: str) -> Column:
    return finite(epochs[name].tolist()) if name in epochs else [None] * len(epochs)


def _overall(epochs: pd.DataFrame, heads: Iterable[str]) -> list[str]:
    """Figures of no head, in the order of the table; the score only where no head shows what it is made of.

    An emergency stop is no figure: it is among the interventions.
    """
    heads = list(heads)
    of_heads = {f"{head}_{figure}" for head in heads for figure in FIGURES}
    others = [name for name in epochs if name not in {*STEP, *OVERALL, *of_heads, "stopped"}]
    return [*OVERALL, *(name for name in others if name != "score" or not heads)]


def _of_head(table: pd.DataFrame, head: str) -> pd.DataFrame:
    return table.loc[table["head"] == head]


def _head(head: str, epochs: pd.DataFrame, classes: pd.DataFrame, confusion: pd.DataFrame) -> HeadHistory:
    """classes, confusion: the head's rows; classes in index order, as each epoch lists them."""
    names, steps = classes["class"].unique().tolist(), pd.MultiIndex.from_frame(epochs.loc[:, STEP])
    return HeadHistory(
        classes=names,
        figures={name: _column(epochs, f"{head}_{name}") for name in FIGURES},
        by_class={name: _over_classes(classes, name, steps, names) for name in OF_CLASS},
        confusion=_cells(confusion, steps, names),
    )


def _over_classes(classes: pd.DataFrame, figure: str, steps: pd.MultiIndex, names: list[str]) -> list[Column]:
    """Rows (steps x classes) of a figure."""
    figures = classes.reindex(columns=[*STEP, "class", figure]).groupby([*STEP, "class"])[figure].last()
    table = cast(pd.DataFrame, figures.unstack("class")).reindex(index=steps, columns=names)
    return [finite(row) for row in table.to_numpy().tolist()]


def _cells(confusion: pd.DataFrame, steps: pd.MultiIndex, names: list[str]) -> list[list[int]]:
    ids = {name: i for i, name in enumerate(names)}
    cells = confusion.assign(**{name: column(confusion, name).map(ids) for name in ("actual", "predicted")})
    cells = cells.sort_values(["actual", "predicted"])[[*STEP, "actual", "predicted", "count"]]
    found = {step: of_step.iloc[:, 2:].to_numpy().ravel().tolist() for step, of_step in cells.groupby(STEP)}
    return [found.get(step, []) for step in steps]
