"""What `tailwise predict` and a recipe pass each other. Nothing here loads torch."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from tailwise.core.batch import Head


@dataclass(frozen=True)
class Inputs:
    """New samples to predict, found but not read.

    samples: one or more, the recipe's own objects with a `name`; source: what the user named, for messages
    unit: what a sample is called; parts: what it is made of, in the plural, "" if nothing that has a name
    split: its name, "" where there is none; form: format of the answers where none is asked for
    notes: lines on what is left out
    """

    samples: Sequence[Any]
    source: str = ""
    unit: str = "sample"
    parts: str = ""
    split: str = ""
    form: str = "csv"
    notes: Sequence[str] = ()


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
class Answer:
    """One head on one sample.

    probabilities: (C,), or (T, C) of a sequence, 1 in sum over C; attention: over the parts (V,), 1 in sum, or empty
    """

    head: "Head"
    probabilities: np.ndarray
    attention: np.ndarray = field(default_factory=lambda: np.zeros(0))

    @property
    def predicted(self) -> str | list[str]:
        """The most probable class; of a sequence one a position."""
        best = self.probabilities.argmax(axis=-1)
        return [self.head.classes[i] for i in best] if best.ndim else self.head.classes[best]


@dataclass(frozen=True)
class Prediction:
    """A sample's answers, one a head."""

    name: str
    parts: Sequence[str]
    answers: list[Answer]
