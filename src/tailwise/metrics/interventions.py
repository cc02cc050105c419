"""Interventions of training: rows of interventions.csv, and their text."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Fault = Literal[
    "not finite",
    "not finite again",
    "loss spike",
    "loss stays high",
    "exploding gradient",
    "vanishing gradient",
    "frozen layer",
    "out of memory",
    "figure above its limit",
]
Action = Literal["skip batch", "roll back", "fall back", "halve micro-batch", "alert", "stop"]


@dataclass(frozen=True)
class Intervention:
    """A fault, the action taken, the numbers that revealed the fault, and the settings after the action.

    epoch, step: from 1
    loss: of the step; of "loss stays high" a mean of recent steps, of "figure above its limit" the figure
    norm: of the gradient, before it is clipped
    reference: what the loss or the norm was compared with: a median of recent steps, or a mean before a rollback; or
        the figure's limit
    parameter: that has no gradient, of a "frozen layer"; or the figure's name
    rate: factor on the phase's lr; micro_batch: samples per micro-batch; fallback: number of fallbacks so far
    loaded, tensors: for a fallback, tensors loaded from the old model, and tensors in total
    """

    epoch: int
    step: int
    fault: Fault
    action: Action
    rate: float
    micro_batch: int
    fallback: int
    loss: float | None = None
    norm: float | None = None
    reference: float | None = None
    parameter: str = ""
    loaded: int | None = None
    tensors: int | None = None


COLUMNS = tuple(Intervention.__dataclass_fields__)
"""Columns of interventions.csv."""


def read_row(row: Mapping[str, str]) -> Intervention:
    """An intervention from the text of its columns; KeyError or ValueError for an invalid row."""
    integers = {name: int(row[name]) for name in ("epoch", "step", "micro_batch", "fallback")}
    counts = {name: int(row[name]) if row[name] else None for name in ("loaded", "tensors")}
    numbers = {name: float(row[name]) if row[name] else None for name in ("loss", "norm", "reference")}
    words = {name: row[name] for name in ("fault", "action", "parameter")}
    fields: dict[str, Any] = {**integers, **counts, **numbers, **words}
    return Intervention(**fields, rate=float(row["rate"]))


def describe_fault(row: Intervention) -> str:
    """The numbers that revealed the fault, as text; "" if there are none."""
    if row.fault == "figure above its limit":
        return f"{row.parameter} {row.loss:.3g}, limit {row.reference:.3g}"
    if row.fault == "loss stays high":
        return f"mean of recent losses {row.loss:.3g}, {row.reference:.3g} before the rollback"
    if row.fault == "loss spike":
        return f"loss {row.loss:.3g}, recent median {row.reference:.3g}"
    if row.fault in ("exploding gradient", "vanishing gradient"):
        return f"gradient norm {row.norm:.3g}, recent median {row.reference:.3g}"
    if row.loss is None or row.norm is None:
        return row.parameter
    of_parameter = f"{row.parameter}: " if row.parameter else ""
    return f"{of_parameter}loss {row.loss:.3g}, gradient norm {row.norm:.3g}"


def describe_action(row: Intervention) -> str:
    """The action as text."""
    return {
        "skip batch": "batch skipped",
        "roll back": f"rolled back to the last good weights, rate x {row.rate:g}",
        "fall back": f"fell back to a simpler model, {row.loaded} of its {row.tensors} tensors loaded",
        "halve micro-batch": f"micro-batch {row.micro_batch}, same step again",
        "stop": "phase stopped",
    }.get(row.action, row.action)


def describe(row: Intervention) -> str:
    """Fault, numbers and action on one line."""
    numbers = describe_fault(row)
    return f"{row.fault}{f' ({numbers})' if numbers else ''}: {describe_action(row)}"
