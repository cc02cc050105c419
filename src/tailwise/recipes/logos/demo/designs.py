"""What a logo of each class is made of, before it has colours.

simple: one colour, one or two shapes, some like letters. text: letters without a gradient, in one colour or many.
gradient: any of the other designs with colours that run into each other. complex: four or more shapes in three or more
flat colours, some in steps that look like a gradient from afar, or in rows that look like a word.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from tailwise.recipes.logos.demo.drawing import Place
from tailwise.recipes.logos.demo.letters import Hand, word_elements
from tailwise.recipes.logos.demo.shapes import bands, draw_shape, sectors

Rng = np.random.Generator
Paints = Sequence[str]
Elements = list[str]

MOST_LINES = 3


@dataclass(frozen=True)
class Brief:
    """What a brand wants. name: letters; hand: how it writes; paints: of the parts, in order"""

    name: str
    hand: Hand
    paints: Paints = field(default=())

    def paint(self, number: int) -> str:
        return self.paints[number % len(self.paints)]


def one_shape(rng: Rng, brief: Brief, place: Place) -> Elements:
    return [draw_shape(rng).element(_turned(rng, place), brief.paint(0))]


def two_shapes(rng: Rng, brief: Brief, place: Place) -> Elements:
    """Beside or above each other, or one around the other; of the first paint, or the first two."""
    share, turn = rng.uniform(0.4, 0.6), int(rng.integers(2))
    boxes = _cut(place, turn, [share, 1 - share])
    paints = (brief.paint(0), brief.paint(int(len(brief.paints) > 1)))
    return [
        draw_shape(rng).element(_turned(rng, _shrunk(box, rng.uniform(0.8, 0.95))), paint)
        for box, paint in zip(boxes, paints)
    ]


def words(rng: Rng, brief: Brief, place: Place) -> Elements:
    """The name in one to three lines, sometimes with a bar below; each line has its colours, or each letter."""
    lines = _lines(rng, brief.name, place)
    each = rng.random() < 0.5
    boxes = _cut(place, 1, [1 / len(lines)] * len(lines))
    found: Elements = []
    for number, (text, box) in enumerate(zip(lines, boxes)):
        paints = list(brief.paints) if each else [brief.paint(number)]
        found += word_elements(rng, text, brief.hand, _shrunk(box, 0.95 if len(lines) == 1 else 0.82), paints)
    return found


def _lines(rng: Rng, name: str, place: Place) -> list[str]:
    """A name cut so that its lines fit the place; a short one may stay in one line."""
    fitting = round((len(name) * 0.7 * place.height / place.width) ** 0.5 + rng.uniform(-0.3, 0.3))
    count = min(max(fitting, 1), MOST_LINES, (len(name) + 1) // 2)
    length = -(-len(name) // count)
    return [name[start : start + length] for start in range(0, len(name), length)]


def scattered(rng: Rng, brief: Brief, place: Place) -> Elements:
    """Shapes in the cells of a grid."""
    columns, rows = _grid(rng, place)
    cells = [cell for row in _cut(place, 1, [1 / rows] * rows) for cell in _cut(row, 0, [1 / columns] * columns)]
    same = draw_shape(rng) if rng.random() < 0.3 else None
    found = []
    for number, cell in enumerate(cells):
        box = _turned(rng, _shrunk(cell, rng.uniform(0.75, 0.95)))
        found.append((same or draw_shape(rng)).element(box, brief.paint(number)))
    return found


def _grid(rng: Rng, place: Place) -> tuple[int, int]:
    """Columns and rows of four to nine cells; more of them along the longer side."""
    rows, columns = sorted(((2, 2), (2, 3), (1, 4), (3, 3))[int(rng.integers(4))])
    return (columns, rows) if place.width > place.height else (rows, columns)


def rowed(rng: Rng, brief: Brief, place: Place) -> Elements:
    """Shapes of one height in rows, as letters of a word."""
    count, rows = int(rng.integers(2, 5)), int(rng.integers(1, 4))
    count = max(count, 4 if rows == 1 else 2)
    found = []
    for row in _cut(place, 1, [1 / rows] * rows):
        for number, cell in enumerate(_cut(row, 0, [1 / count] * count)):
            side = 0.9 * min(cell.width, cell.height)
            box = Place(cell.x, cell.y, side * rng.uniform(0.6, 1.0), side, cell.turn)
            found.append(draw_shape(rng).element(box, brief.paint(number + len(found))))
    return found


def divided(rng: Rng, brief: Brief, place: Place) -> Elements:
    """One outline in parts: a disc or ring in sectors, a square or disc in bands."""
    count = int(rng.integers(4, 9))
    kind = int(rng.integers(3))
    paths = sectors(count, rng.uniform(0.02, 0.35), rng.uniform(0, 90)) if kind == 0 else bands(count, kind == 1)
    box = _turned(rng, place)
    return [path.element(box, brief.paint(number)) for number, path in enumerate(paths)]


def nested(rng: Rng, brief: Brief, place: Place) -> Elements:
    """Shapes within each other."""
    found, box = [], place
    for number in range(int(rng.integers(4, 6))):
        found.append(draw_shape(rng, solid=True).element(_turned(rng, box), brief.paint(number)))
        shift = rng.uniform(-0.08, 0.08, 2)
        box = _shrunk(Place(*_moved(box, shift), box.width, box.height), rng.uniform(0.6, 0.8))
    return found


def _moved(box: Place, shift: np.ndarray) -> tuple[float, float]:
    return box.x + float(shift[0]) * box.width, box.y + float(shift[1]) * box.height


def _turned(rng: Rng, place: Place) -> Place:
    """The largest box of a free proportion within a place, turned by any angle for half of the shapes."""
    aspect = float(np.exp2(rng.uniform(-0.4, 0.4)))
    side = min(place.width, place.height)
    if rng.random() < 0.5:
        return Place(place.x, place.y, min(place.width, side * aspect), min(place.height, side / aspect), place.turn)
    return Place(place.x, place.y, side * min(aspect, 1), side * min(1 / aspect, 1), rng.uniform(0, 360))


def _shrunk(place: Place, share: float) -> Place:
    return Place(place.x, place.y, place.width * share, place.height * share, place.turn)


def _cut(place: Place, down: int, shares: Sequence[float]) -> list[Place]:
    """Parts of a place beside each other, or below where `down`."""
    found, start = [], 0.0
    for share in shares:
        middle = (0.5, start + share / 2) if down else (start + share / 2, 0.5)
        size = (place.width, place.height * share) if down else (place.width * share, place.height)
        found.append(Place(*place.of(middle), *size, place.turn))
        start += share
    return found


Design = Callable[[Rng, Brief, Place], Elements]

DESIGNS: dict[str, tuple[tuple[Design, float], ...]] = {
    "simple": ((one_shape, 0.6), (two_shapes, 0.4)),
    "text": ((words, 1.0),),
    "gradient": ((one_shape, 0.48), (two_shapes, 0.3), (words, 0.14), (scattered, 0.08)),
    "complex": ((scattered, 0.5), (rowed, 0.08), (divided, 0.34), (nested, 0.08)),
}
"""{class: designs and how often each is drawn}"""
CLASSES = tuple(DESIGNS)


def draw_design(rng: Rng, kind: str) -> Design:
    designs, shares = zip(*DESIGNS[kind])
    return designs[int(rng.choice(len(designs), p=shares))]
