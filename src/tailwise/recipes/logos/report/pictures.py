"""Images for the report, as the model sees them."""

import base64
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from tailwise.core.heads import Head
from tailwise.data.images.dataset import Images
from tailwise.engine.contract.task import Samples

THUMBNAIL = 32


def picture(pixels: np.ndarray) -> str:
    """Pixels (H, W, 3) uint8 as a PNG in a data URI."""
    data = io.BytesIO()
    Image.fromarray(pixels).save(data, "PNG")
    return "data:image/png;base64," + base64.b64encode(data.getvalue()).decode()


def picture_of(samples: Samples, name: str) -> str:
    """The picture of a sample of a prepared split."""
    return picture(samples[list(samples.names).index(name)][1])


def thumbnails(split: Path, heads: tuple[Head, ...], samples: Sequence[str]) -> list[str]:
    """A small picture of each."""
    images = Images(split, heads)
    places = {name: place for place, name in enumerate(images.names)}
    return [thumbnail(images[places[name]][1]) for name in samples]


def thumbnail(pixels: np.ndarray) -> str:
    """Pixels (H, W, 3) uint8 as a WebP image of THUMBNAIL pixels in a data URI."""
    data = io.BytesIO()
    Image.fromarray(pixels).resize((THUMBNAIL, THUMBNAIL), Image.Resampling.BOX).save(data, "WEBP", quality=50)
    return "data:image/webp;base64," + base64.b64encode(data.getvalue()).decode()


def show(split: Path, heads: tuple[Head, ...], samples: Sequence[str]) -> list[dict[str, Any]]:
    """{"sample", "picture"} of each."""
    images = Images(split, heads)
    return [{"sample": name, "picture": picture_of(images, name)} for name in samples]
