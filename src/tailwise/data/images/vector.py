"""Rasterises SVG files by resvg: the same pixels on every machine.

Text needs fonts, which differ between machines, so a file with a text element is refused: its letters must be paths.
What a file names outside itself is never read: other files, addresses, an SVG picture within it.
"""

import base64
import binascii
import io
import math
import re
import urllib.parse
from collections.abc import Iterator
from xml.etree import ElementTree

import resvg_py
from PIL import Image

from tailwise.data.images.picture import Picture, PictureError, check_aspect
from tailwise.data.images.raster import check_header

LARGEST_FILE = 2**24
"""Bytes."""
LARGEST_DRAWN = 100_000
"""Elements that are drawn; one that a `use` names counts each time."""
DEEPEST = 100
"""Elements within each other, by nesting or by `use`."""
WIDEST = 8
"""Times the shorter side that the longer one may have, where the shorter one is given."""
NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
DPI = 96.0
"""Of lengths in millimetres and the like. Source: CSS Values and Units 3, 5.2"""
UNIT = 100.0
"""Width and height of a picture that says none."""
TEXT = ("text", "foreignObject")
PICTURES = ("image", "feImage")


def read_vector(content: bytes, side: int, longer: bool = True) -> Picture:
    """The picture in mode RGBA.

    side: pixels of its longer side; or of its shorter one, where the longer one is then at most WIDEST * side

    Raises PictureError for a file that is no SVG, needs fonts or other files, or would take too long to draw.
    """
    tree = parse_vector(content)
    check_vector(tree)
    width, height = size_of(tree)
    check_aspect(width, height)
    widest = max(width, height) / min(width, height)
    image = _drawn(ElementTree.tostring(tree, "unicode"), side if longer else round(side * min(widest, WIDEST)))
    return Picture(image, "SVG", width, height)


def size_of(tree: ElementTree.Element) -> tuple[float, float]:
    """Width and height in the picture's own units; PictureError for a size of 0 or below."""
    box = [float(number) for number in re.findall(NUMBER, tree.get("viewBox", ""))]
    sides = [re.match(f"\\s*({NUMBER})\\s*(%?)", tree.get(name, "")) for name in ("width", "height")]
    own = [float(side[1]) if side and not side[2] else None for side in sides]
    width, height = (own[0] or 0, own[1] or 0) if None not in own else box[2:] if len(box) == 4 else (UNIT, UNIT)
    if not (0 < width < math.inf and 0 < height < math.inf):
        raise PictureError(f"too small: {width:g}x{height:g}")
    return width, height


def parse_vector(content: bytes) -> ElementTree.Element:
    """The root element; PictureError for a file that is too large, or no SVG."""
    if len(content) > LARGEST_FILE:
        raise PictureError(f"too large: {len(content)} bytes, at most {LARGEST_FILE} are read from an SVG file")
    try:
        tree = ElementTree.fromstring(content)
    except (ElementTree.ParseError, ValueError, LookupError) as error:  # LookupError: of an encoding
        raise PictureError(f"broken: {error}") from error
    if name_of(tree) != "svg":
        raise PictureError(f"unknown format: its root element is {name_of(tree)[:40]}, not svg")
    return tree


def name_of(element: ElementTree.Element) -> str:
    """Name of an element without its namespace; "" for a comment."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def link_of(element: ElementTree.Element) -> str:
    """What its attribute href names, with or without the namespace of XLink."""
    return element.get("href") or element.get("{http://www.w3.org/1999/xlink}href") or ""


def check_vector(tree: ElementTree.Element) -> None:
    """Raise PictureError for a picture that needs fonts or other files, or has too many elements."""
    for element in tree.iter():
        if (name := name_of(element)) in TEXT:
            raise PictureError(f"needs fonts: it has an element {name}: convert its text to paths")
        if name in PICTURES and (link := link_of(element)) and not link.startswith("#"):
            _check_picture(link)
    _Weights(tree).check()


def _check_picture(link: str) -> None:
    """A picture within the picture must be there as data, and not too large."""
    head, _, data = link.partition(",")
    if not head.startswith("data:") or "svg" in head:
        raise PictureError("needs other files: a picture within it must be a PNG or JPEG as a data URL")
    try:
        content = base64.b64decode(data) if head.endswith(";base64") else urllib.parse.unquote_to_bytes(data)
    except (binascii.Error, ValueError) as error:
        raise PictureError(f"broken: a picture within it: {error}") from error
    check_header(content)


class _Weights:
    """How many elements are drawn, with those that are named by `use`; each element is counted once and remembered."""

    def __init__(self, tree: ElementTree.Element):
        self.tree = tree
        self.by_id = {name: element for element in tree.iter() if (name := element.get("id"))}
        self.known: dict[int, int] = {}

    def check(self) -> None:
        if (weight := self._weight(self.tree, 0)) > LARGEST_DRAWN:
            raise PictureError(f"too large: {weight} elements are drawn, at most {LARGEST_DRAWN} may be")

    def _weight(self, element: ElementTree.Element, depth: int) -> int:
        if depth > DEEPEST:
            raise PictureError(f"too deep: elements within each other more than {DEEPEST} times")
        if id(element) not in self.known:
            self.known[id(element)] = 1  # also for an element that names itself, which is not drawn
            self.known[id(element)] += sum(self._weight(part, depth + 1) for part in self._parts(element))
        return self.known[id(element)]

    def _parts(self, element: ElementTree.Element) -> Iterator[ElementTree.Element]:
        yield from element
        if name_of(element) == "use" and (named := self.by_id.get(link_of(element).removeprefix("#"))) is not None:
            yield named


def _drawn(text: str, box: int) -> Image.Image:
    """The picture within `box` x `box` pixels, one side of which it fills."""
    try:
        encoded = resvg_py.svg_to_bytes(svg_string=text, skip_system_fonts=True, dpi=DPI, width=box, height=box)
    except ValueError as error:
        raise PictureError(f"broken: {error}") from error
    except BaseException as error:  # a failed assertion in Rust
        if type(error).__name__ != "PanicException":
            raise
        raise PictureError("broken: it cannot be drawn") from error
    with Image.open(io.BytesIO(encoded)) as image:
        return image.convert("RGBA")
