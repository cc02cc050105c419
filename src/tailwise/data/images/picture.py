"""What a picture file holds, however it is stored."""

from dataclasses import dataclass

from PIL import Image

LARGEST_PIXELS = 2**26
"""Of a picture: 0.3 GB while it is read."""
LEAST_SIDE = 8
"""Pixels of a raster picture's width and height."""
LARGEST_ASPECT = 64
"""Times that one side may be the other: at 64 pixels the shorter one is then one pixel."""


class PictureError(Exception):
    """A picture that cannot be used; the text is ``kind`` or ``kind: detail``."""


@dataclass(frozen=True, eq=False)
class Picture:
    """pixels: an image of mode RGB, or RGBA if parts are transparent
    form: PNG, JPEG, WEBP, GIF or SVG; width, height: as the file says, in its own units
    notes: what is to be known of the file, such as that it is animated
    """

    pixels: Image.Image
    form: str
    width: float
    height: float
    notes: tuple[str, ...] = ()


def check_size(width: float, height: float) -> None:
    """Raise PictureError for a picture of more than LARGEST_PIXELS, or too narrow to show anything."""
    if width * height > LARGEST_PIXELS:
        raise PictureError(f"too large: {width:g}x{height:g} pixels, at most {LARGEST_PIXELS} are read")
    if min(width, height) < LEAST_SIDE:
        raise PictureError(f"too small: {width:g}x{height:g} pixels, each side needs {LEAST_SIDE}")
    check_aspect(width, height)


def check_aspect(width: float, height: float) -> None:
    """Raise PictureError if one side is more than LARGEST_ASPECT times the other."""
    if max(width, height) > LARGEST_ASPECT * min(width, height):
        raise PictureError(f"too narrow: {width:g}x{height:g}, one side is over {LARGEST_ASPECT} times the other")
