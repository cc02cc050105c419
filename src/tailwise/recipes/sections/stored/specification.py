"""What stands in the weights file of a sections model: all that a prediction needs besides the tensors."""

from dataclasses import dataclass
from typing import Literal

from torch import nn

from tailwise.core.heads import Head
from tailwise.core.params.typed import convert
from tailwise.models.sequence.tagger import SequenceModel
from tailwise.recipes.sections.stored.features import FeaturesSpecification


@dataclass(frozen=True)
class Specification:
    """What stands in a weights file. seconds: length of a position, None for lines."""

    recipe: Literal["sections"]
    model: SequenceModel
    heads: tuple[Head, ...]
    features: FeaturesSpecification
    seconds: float | None = None

    def __post_init__(self):
        if not self.heads or (self.seconds is not None and self.seconds <= 0):
            raise ValueError("needs one or more heads, and seconds above 0 or none")
        if self.seconds is None and self.features.kind == "chroma":
            raise ValueError("seconds must be given for features of kind chroma")


def from_specification(spec: dict) -> tuple[nn.Module, Specification]:
    """The model without its weights; UserError or ValueError for a wrong specification."""
    read = convert(Specification, spec, "")
    return read.model.build(len(read.features.names), read.heads), read
