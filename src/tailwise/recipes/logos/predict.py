"""New images as a logos model takes them. Only `from_specification` loads torch, as exported models read them, too."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from tailwise.core.errors import UserError, print_error
from tailwise.data.images.picture import PictureError
from tailwise.recipes.logos.inputs import ImageFile, ImageInputs
from tailwise.recipes.prediction import Sample

if TYPE_CHECKING:
    from torch import nn

    from tailwise.recipes.logos.stored.specification import Specification


def from_specification(spec: dict) -> "tuple[nn.Module, Specification]":
    """The model without its weights; UserError or ValueError for a wrong specification."""
    from tailwise.recipes.logos.stored.specification import from_specification

    return from_specification(spec)


def read_samples(inputs: ImageInputs, spec: "Specification") -> Iterator[Sample]:
    """The images that can be used; stderr has a line for each of the others. UserError for one that was typed."""
    for index, file in enumerate(inputs.samples):
        try:
            yield _sample(index, file, spec)
        except UserError as error:
            if inputs.named:
                raise
            print_error(f"left out: {error}")


def _sample(index: int, file: ImageFile, spec: "Specification") -> Sample:
    try:
        square, _ = spec.canvas.read(file.path.read_bytes())
    except (OSError, PictureError) as error:
        raise UserError(f"{file.path}: cannot be used: {error}") from error
    return Sample(index, file.name, {"image": np.asarray(square).transpose(2, 0, 1).copy()})
