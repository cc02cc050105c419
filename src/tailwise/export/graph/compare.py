"""Exported against trained: the same batches through both, and the largest difference of an output."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tailwise.core.errors import UserError
from tailwise.core.heads import Head
from tailwise.export.graph.families import LENGTH, Arrays, Axes

TOLERANCE = 1e-4
"""Of an output in single precision."""
Run = Callable[[Arrays], Mapping[str, np.ndarray]]


@dataclass(frozen=True)
class Agreement:
    """difference: the largest of an output; same: share of answers of the same class; answers: their number"""

    difference: float
    same: float
    answers: int

    def as_json(self) -> dict[str, Any]:
        return {"largest_difference": self.difference, "same_answers": self.same, "answers": self.answers}


def compare(batches: Sequence[Arrays], reference: Run, run: Run, axes: Axes, heads: Sequence[Head]) -> Agreement:
    """Outputs of both on these batches, padding left out. ValueError where one has another shape."""
    difference, same = 0.0, list[np.ndarray]()
    for batch in batches:
        wanted, found, there = reference(batch), run(batch), present(batch, axes)
        difference = max(difference, difference_of(wanted, found, there))
        for head in heads:
            one, other = (kept(outputs[head.name], there).argmax(axis=-1) for outputs in (wanted, found))
            same.append((one == other).ravel())
    each = np.concatenate(same)
    return Agreement(difference, float(each.mean()), len(each))


def difference_of(wanted: Mapping[str, np.ndarray], found: Mapping[str, np.ndarray], there: np.ndarray | None) -> float:
    """The largest difference of an output of a batch. ValueError where one has another shape."""
    for name, value in wanted.items():
        if found[name].shape != value.shape:
            raise ValueError(f"{name} of shape {found[name].shape}, {value.shape} expected")
    return max(largest(kept(value, there), kept(found[name], there)) for name, value in wanted.items())


def kept(output: np.ndarray, there: np.ndarray | None) -> np.ndarray:
    """Without the positions beyond a sequence's length. there: of `present`"""
    return output[there] if there is not None and output.shape[: there.ndim] == there.shape else output


def largest(wanted: np.ndarray, found: np.ndarray) -> float:
    """The largest difference; infinity where either has an infinity or a NaN, which `max` would pass over."""
    if not (np.isfinite(wanted).all() and np.isfinite(found).all()):
        return float("inf")
    return float(np.abs(wanted - found).max())


def present(batch: Arrays, axes: Axes) -> np.ndarray | None:
    """(B, T) bool: the positions within each sequence's length; None for inputs that are no sequences."""
    if LENGTH not in batch or not any(LENGTH in names for names in axes.values()):
        return None
    longest = next(batch[name].shape[1] for name, names in axes.items() if LENGTH in names)
    return np.arange(longest) < batch[LENGTH][:, None]


def check_agreement(found: Agreement, form: str, tolerance: float = TOLERANCE) -> None:
    """UserError unless the exported model gives what the trained one gives."""
    if not found.difference <= tolerance:
        raise UserError(
            f"the model exported to {form} differs from the trained one by {found.difference:.2g}, "
            f"more than {tolerance:g}: try another --to"
        )
