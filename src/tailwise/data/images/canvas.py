"""How pictures of any size become squares of one size, which a model takes."""

import re
from dataclasses import dataclass
from typing import Literal

from PIL import Image

from tailwise.data.images.picture import Picture, PictureError
from tailwise.data.images.raster import read_raster
from tailwise.data.images.vector import read_vector

LARGEST_FILE = 2**26
"""Bytes."""
FINER = 2
"""Times the size at which a vector picture is drawn."""
MARKUP = (b"<", b"\xef\xbb\xbf<", b"\xff\xfe<", b"\xfe\xff\x00<")
"""How an SVG file begins, after white space: with or without a byte order mark."""


@dataclass(frozen=True)
class Canvas:
    """size: pixels of each side; background: #rrggbb below transparent parts and around the picture
    fit: pad: all of the picture, in the middle of the square; crop: the middle of the picture; stretch: all, distorted
    """

    size: int
    background: str
    fit: Literal["pad", "crop", "stretch"]

    def __post_init__(self):
        if not 8 <= self.size <= 1024:
            raise ValueError(f"size must be within 8 and 1024, found {self.size}")
        if not re.fullmatch("#[0-9a-fA-F]{6}", self.background):
            raise ValueError(f"background must be a colour as '#ffffff', found {self.background!r}")

    @property
    def colour(self) -> tuple[int, int, int]:
        red, green, blue = bytes.fromhex(self.background[1:])
        return red, green, blue

    def read(self, content: bytes) -> tuple[Image.Image, Picture]:
        """The square (size, size) in mode RGB, and the picture as it was read; PictureError if it cannot be used."""
        picture = read_picture(content, FINER * self.size, self.fit == "pad")
        return self.draw(over(picture.pixels, self.colour)), picture

    def draw(self, image: Image.Image) -> Image.Image:
        """The square of a picture in mode RGB."""
        if self.fit == "stretch":
            return reduced(image, (self.size, self.size))
        if self.fit == "crop":
            return reduced(_middle(image), (self.size, self.size))
        width, height = (max(1, round(side * self.size / max(image.size))) for side in image.size)
        square = Image.new("RGB", (self.size, self.size), self.colour)
        square.paste(reduced(image, (width, height)), ((self.size - width) // 2, (self.size - height) // 2))
        return square


def _middle(image: Image.Image) -> Image.Image:
    """The largest square in the middle of a picture."""
    side = min(image.size)
    left, top = ((of - side) // 2 for of in image.size)
    return image.crop((left, top, left + side, top + side))


def read_picture(content: bytes, side: int, longer: bool = True) -> Picture:
    """A file of any of the formats, told by its content, not its name.

    side, longer: of a vector picture, see `read_vector`. Raises PictureError for a file that cannot be used.
    """
    if not content:
        raise PictureError("empty")
    if len(content) > LARGEST_FILE:
        raise PictureError(f"too large: {len(content)} bytes, at most {LARGEST_FILE} are read")
    if content[:1000].lstrip().startswith(MARKUP):
        return read_vector(content, side, longer)
    return read_raster(content)


def over(image: Image.Image, colour: tuple[int, int, int]) -> Image.Image:
    """The picture on a background, in mode RGB; PictureError if it cannot be told from it."""
    if image.mode == "RGB":
        return image
    found = Image.new("RGB", image.size, colour)
    found.paste(image, mask=image.getchannel("A"))
    if all(found.getchannel(channel).getextrema() == (of, of) for channel, of in zip("RGB", colour)):
        raise PictureError(f"blank: all of it is transparent or as the background, #{bytes(colour).hex()}")
    return found


def reduced(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Resampled in integers, which gives the same bytes on every processor."""
    return image if image.size == size else image.resize(size, Image.Resampling.BICUBIC)
