"""Many logos of a class beside each other, to look at."""

import io
from pathlib import Path

import numpy as np
from PIL import Image

from tailwise.core.errors import UserError
from tailwise.core.files import read_csv
from tailwise.data.images.dataset import Images
from tailwise.recipes.logos.readers.logo import HEAD

GAP = 4
"""Pixels between logos."""
GREY = (160, 160, 160)
"""Between logos."""


def contact_sheet(split: Path, kind: str, columns: int = 12, rows: int = 6) -> bytes:
    """A PNG of logos of one class, from a folder that `prepare` wrote; the same bytes each time.

    Of more than fit, every so many-th is shown, in the order of the manifest. Raises UserError if there is none.
    """
    images = Images(split, ())
    chosen = [place for place, row in enumerate(read_csv(split / "manifest.csv")) if row[HEAD] == kind]
    if not chosen:
        raise UserError(f"{split}: has no image of the class {kind!r}")
    places = np.linspace(0, len(chosen) - 1, min(len(chosen), columns * rows)).round().astype(int)
    step = images.size + GAP
    height = -(-len(places) // columns) * step + GAP
    sheet = Image.new("RGB", (min(columns, len(places)) * step + GAP, height), GREY)
    for number, place in enumerate(places.tolist()):
        _, picture = images[chosen[place]]
        sheet.paste(Image.fromarray(np.array(picture)), (GAP + number % columns * step, GAP + number // columns * step))
    content = io.BytesIO()
    sheet.save(content, "PNG")
    return content.getvalue()
