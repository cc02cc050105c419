"""What `tailwise predict` and a recipe pass each other. Nothing here loads torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

if TYPE_CHECKING:
    import numpy as np

    from tailwise.metrics.predictions import Predictions


@dataclass(frozen=True)
class Inputs:
    """New samples to predict, found but not read.

    samples: one or more, the recipe's own objects with a `name`; source: what the user named, for messages
    sample_name: the word for one sample in messages, such as foul
    parts: the word for its parts, in the plural, such as views; "" if it has none
    split: its name, "" if there is none; form: default format of the predictions
    notes: lines about inputs that are left out
    """

    samples: Sequence[Any]
    source: str = ""
    sample_name: str = "sample"
    parts: str = ""
    split: str = ""
    form: str = "csv"
    notes: Sequence[str] = ()


@runtime_checkable
class Unlabelled(Protocol):
    """One of `Inputs.samples` that a table of labels can list, see `tailwise pseudo-label`."""

    def rows(self, split: str) -> dict[str, dict[str, str]]:
        """{part, as `Prediction.parts` names it: its row of an index, without labels}; "" for a sample without parts.

        Columns: sample, group, path (where the file is, from the working folder) and those that the recipe's index has.
        split: of the inputs, "" if there is none
        """
        ...


@dataclass(frozen=True)
class Sample:
    """One sample, read.

    index: in `Inputs.samples`; inputs: the model's, without a batch dimension; parts: names of those that were used
    """

    index: int
    name: str
    inputs: dict[str, np.ndarray]
    parts: Sequence[str] = ()


@dataclass(frozen=True)
class Prediction:
    """One sample, predicted.

    heads: of each head one row, or a row a position of a sequence; targets are IGNORE
    attention: {head: weights of the parts (V,), 1 in sum}, where the model has attention
    """

    name: str
    parts: Sequence[str]
    heads: Sequence[Predictions]
    attention: Mapping[str, np.ndarray] = field(default_factory=dict)
