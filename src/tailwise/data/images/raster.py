"""Reads PNG, JPEG, WebP and GIF files: colours as 8-bit RGB, upright, with transparency where the file has it.

Colour profiles are not applied. The size is checked in the header, before any pixel is decoded.
"""

import io
import re
import warnings

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from tailwise.data.images.picture import LARGEST_PIXELS, Picture, PictureError, check_size

FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
ANIMATED = "animated: its first frame is used"
SIXTEEN_BIT = ("I;16", "I;16B", "I;16L", "I;16N", "I")
"""Modes of grey pictures of 16 bits."""
BROKEN = (OSError, SyntaxError, ValueError, EOFError, OverflowError, IndexError, KeyError, TypeError, AttributeError)
"""What Pillow raises for damaged files."""


def read_raster(content: bytes) -> Picture:
    """The first frame of a file; raises PictureError for one that is damaged, too large or of another format."""
    try:
        with warnings.catch_warnings(action="ignore"), _opened(content) as image:
            check_size(*image.size)
            image.load()
            notes = (ANIMATED,) if _animated(image) else ()
            upright = ImageOps.exif_transpose(as_rgb(image))
            return Picture(upright, image.format or "", *upright.size, notes)
    except Image.DecompressionBombError as error:
        raise PictureError(_too_large(error)) from error
    except BROKEN as error:
        raise PictureError(f"broken: {error}") from error


def check_header(content: bytes) -> None:
    """Raise PictureError unless the bytes begin as a picture of a size that may be read."""
    try:
        with warnings.catch_warnings(action="ignore"), _opened(content) as image:
            check_size(*image.size)
    except Image.DecompressionBombError as error:
        raise PictureError(_too_large(error)) from error
    except BROKEN as error:
        raise PictureError(f"broken: {error}") from error


def _opened(content: bytes) -> Image.Image:
    try:
        return Image.open(io.BytesIO(content), formats=FORMATS)
    except UnidentifiedImageError:
        raise PictureError(f"unknown format: neither {', '.join(FORMATS)} nor SVG") from None


def _too_large(error: Exception) -> str:
    """Pillow refuses the largest pictures itself, with the number of pixels in its message."""
    pixels = re.search(r"\d+", str(error))
    return f"too large: {pixels[0] if pixels else 'too many'} pixels, at most {LARGEST_PIXELS} are read"


def _animated(image: Image.Image) -> bool:
    """Whether there is a second frame; one that is damaged does not count."""
    try:
        return bool(getattr(image, "is_animated", False))
    except BROKEN:
        return False


def as_rgb(image: Image.Image) -> Image.Image:
    """In mode RGB, or RGBA where the picture has transparency; keeps the EXIF orientation."""
    transparent = image.info.get("transparency")
    if image.mode in SIXTEEN_BIT:
        return _from_16_bits(image, transparent)
    if isinstance(transparent, tuple) and max(transparent) > 255:  # a picture of 16 bits, read as one of 8
        image.info["transparency"] = tuple(value >> 8 for value in transparent)
    converted = image.convert("RGBA" if image.has_transparency_data else "RGB")
    return _with_orientation(converted, image)


def _from_16_bits(image: Image.Image, transparent: object) -> Image.Image:
    """The upper eight bits of a grey picture. transparent: the value that is"""
    values = np.asarray(image).astype(np.int64)
    grey = Image.fromarray((values >> 8).clip(0, 255).astype(np.uint8))
    if not isinstance(transparent, int):
        return _with_orientation(grey.convert("RGB"), image)
    opaque = Image.fromarray(np.where(values == transparent, 0, 255).astype(np.uint8))
    return _with_orientation(Image.merge("RGBA", (grey, grey, grey, opaque)), image)


def _with_orientation(converted: Image.Image, image: Image.Image) -> Image.Image:
    if exif := image.getexif():
        converted.info["exif"] = exif.tobytes()
    return converted
