"""What a logos model was trained on, and new images as it takes them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from torch import nn

from tailwise.core.errors import UserError, print_error
from tailwise.core.heads import Head
from tailwise.core.params.typed import convert
from tailwise.data.images.canvas import Canvas
from tailwise.data.images.picture import PictureError
from tailwise.models.image.classifier import ImageModel
from tailwise.recipes.logos.inputs import ImageFile, ImageInputs
from tailwise.recipes.prediction import Sample


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


def read_samples(inputs: ImageInputs, spec: Specification) -> Iterator[Sample]:
    """The images that can be used; stderr has a line for each of the others. UserError for one that was typed."""
    for index, file in enumerate(inputs.samples):
        try:
            yield _sample(index, file, spec)
        except UserError as error:
            if inputs.named:
                raise
            print_error(f"left out: {error}")


def _sample(index: int, file: ImageFile, spec: Specification) -> Sample:
    try:
        square, _ = spec.canvas.read(file.path.read_bytes())
    except (OSError, PictureError) as error:
        raise UserError(f"{file.path}: cannot be used: {error}") from error
    return Sample(index, file.name, {"image": np.asarray(square).transpose(2, 0, 1).copy()})
