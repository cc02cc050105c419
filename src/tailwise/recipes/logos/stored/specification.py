"""What stands in the weights file of a logos model: all that a prediction needs besides the tensors."""

from dataclasses import dataclass
from typing import Literal

from torch import nn

from tailwise.core.heads import Head
from tailwise.core.params.typed import convert
from tailwise.data.images.canvas import Canvas
from tailwise.models.image.classifier import ImageModel


@dataclass(frozen=True)
class Specification:
    """What stands in a weights file. canvas: how pictures become the squares that the model takes"""

    recipe: Literal["logos"]
    model: ImageModel
    heads: tuple[Head, ...]
    canvas: Canvas

    def __post_init__(self):
        if not self.heads:
            raise ValueError("needs one or more heads")
        self.model.check(self.canvas.size)


def from_specification(spec: dict) -> tuple[nn.Module, Specification]:
    """The model without its weights; UserError or ValueError for a wrong specification."""
    read = convert(Specification, spec, "")
    return read.model.build(read.heads, read.canvas.size), read
