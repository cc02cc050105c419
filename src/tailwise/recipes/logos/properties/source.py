"""What the source of a vector logo says of it, and the class that follows; no pixel is looked at."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree import ElementTree

from tailwise.data.images.vector import name_of, parse_vector, size_of

SHAPES = ("path", "rect", "circle", "ellipse", "polygon", "polyline", "line")
GRADIENTS = ("linearGradient", "radialGradient", "meshgradient")
COLOUR = re.compile(r"#(?:[0-9a-fA-F]{3}){1,2}\b")
PAINTS = re.compile(r"(?:^|;)\s*(fill|stroke)\s*:\s*([^;]+)")
WIDEST_MARK = 1.5
"""Width by height below which a logo may be simple or complex: a wider one may be a name that is not called so."""


@dataclass(frozen=True)
class SourceFacts:
    """colours: different ones that fills and strokes name as #rrggbb; shapes: elements that draw
    strokes: shapes drawn as lines; gradients: elements that define one; aspect: width by height
    """

    colours: int
    shapes: int
    strokes: int
    gradients: int
    aspect: float


def source_facts(content: bytes) -> SourceFacts:
    """Of an SVG file; PictureError for a file that is none."""
    tree = parse_vector(content)
    width, height = size_of(tree)
    names = [name_of(element) for element in tree.iter()]
    paints = [paint for element in tree.iter() for paint in _paints(element)]
    return SourceFacts(
        colours=len({colour for _, value in paints for colour in COLOUR.findall(value.lower())}),
        shapes=sum(name in SHAPES for name in names),
        strokes=sum(name == "stroke" and value != "none" for name, value in paints),
        gradients=sum(name in GRADIENTS for name in names),
        aspect=width / height,
    )


def _paints(element: ElementTree.Element) -> Iterator[tuple[str, str]]:
    """(fill or stroke, value) of the attributes and the style of an element."""
    for name in ("fill", "stroke"):
        if value := element.get(name):
            yield name, value
    for name, value in PAINTS.findall(element.get("style", "")):
        yield name, value.strip()


def source_class(facts: SourceFacts, wordmark: bool) -> str:
    """The class that the source of a logo gives away, "" for none.

    wordmark: it is a name that has an icon beside it
    A wordmark with a gradient would be of two classes, and is of none.
    """
    if wordmark:
        return "" if facts.gradients else "text"
    if facts.gradients:
        return "gradient"
    if facts.aspect >= WIDEST_MARK:
        return ""
    if facts.colours <= 1 and facts.shapes <= 2:
        return "simple"
    return "complex" if facts.colours >= 3 and facts.shapes >= 4 else ""
