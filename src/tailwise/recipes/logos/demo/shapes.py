"""Single shapes, filled or as a line, in the unit square."""

import math
from collections.abc import Callable

import numpy as np

from tailwise.recipes.logos.demo.drawing import Path, Point, arc, closed, curve, line, polar, smooth

Rng = np.random.Generator


def polygon(rng: Rng) -> Path:
    corners = int(rng.integers(3, 9))
    return Path(closed(*(polar(0.5, 360 * i / corners) for i in range(corners))))


def star(rng: Rng) -> Path:
    rays, inner = int(rng.integers(4, 15)), rng.uniform(0.18, 0.4)
    points = [polar((0.5, inner)[i % 2], 180 * i / rays) for i in range(2 * rays)]
    return Path(closed(*points))


def disc_commands(radius: float, centre: Point = (0.5, 0.5)):
    points = arc(radius, 0, 360, centre)
    return (("M", (points[0],)), *curve(points), ("Z", ()))


def disc(rng: Rng) -> Path:
    """A disc with a notch or a hole somewhere."""
    hole, at = rng.uniform(0.08, 0.22), polar(rng.uniform(0, 0.25), rng.uniform(0, 360))
    return Path((*disc_commands(0.5), *disc_commands(hole, at)))


def ring(rng: Rng) -> Path:
    return Path((*disc_commands(0.5), *disc_commands(rng.uniform(0.22, 0.42))))


def crescent(rng: Rng) -> Path:
    turn, opening = rng.uniform(0, 360), rng.uniform(60, 150)
    outer, inner = arc(0.5, turn, turn + 360 - opening), arc(rng.uniform(0.25, 0.42), turn + 360 - opening, turn)
    return Path((("M", (outer[0],)), *curve(outer), ("L", (inner[0],)), *curve(inner), ("Z", ())))


def cross(rng: Rng) -> Path:
    arm = rng.uniform(0.1, 0.24)
    low, high = 0.5 - arm, 0.5 + arm
    corner = [(low, 0), (high, 0), (high, low), (1, low), (1, high), (high, high)]
    return Path(closed(*corner, (high, 1), (low, 1), (low, high), (0, high), (0, low), (low, low)))


def chevron(rng: Rng) -> Path:
    thick, tip = rng.uniform(0.2, 0.45), rng.uniform(0.2, 0.5)
    return Path(closed((0, 0), (1 - thick, 0), (1, tip), (1 - thick, 1), (0, 1), (thick, tip)))


def angle(rng: Rng) -> Path:
    """Two bars at a corner, or three."""
    a, b = rng.uniform(0.18, 0.36, 2)
    if rng.random() < 0.5:
        return Path(closed((0, 0), (a, 0), (a, 1 - b), (1, 1 - b), (1, 1), (0, 1)))
    side = 0.5 - a / 2
    return Path(closed((0, 0), (1, 0), (1, b), (1 - side, b), (1 - side, 1), (side, 1), (side, b), (0, b)))


def zigzag(rng: Rng) -> Path:
    turns = int(rng.integers(2, 6))
    points = [(i / turns, float(i % 2)) for i in range(turns + 1)]
    return Path(line(*points), rng.uniform(0.12, 0.26))


def spiral(rng: Rng) -> Path:
    turns, commands = rng.uniform(1.3, 2.6), []
    steps = int(turns * 8)
    points = [polar(0.06 + 0.42 * i / steps, 45 * i) for i in range(steps + 1)]
    commands = [("M", (points[0],)), *(("L", (point,)) for point in points[1:])]
    return Path(tuple(commands), 0.3 / (turns + 1.4))


def blob(rng: Rng) -> Path:
    corners = int(rng.integers(5, 10))
    return Path(smooth([polar(rng.uniform(0.32, 0.6), 360 * i / corners) for i in range(corners)]))


def gear(rng: Rng) -> Path:
    teeth, inner = int(rng.integers(6, 15)), rng.uniform(0.34, 0.43)
    points = [polar((0.5, 0.5, inner, inner)[i % 4], 90 * i / teeth) for i in range(4 * teeth)]
    return Path((*closed(*points), *disc_commands(rng.uniform(0.1, 0.24))))


def drop(rng: Rng) -> Path:
    radius = rng.uniform(0.26, 0.38)
    points = arc(radius, 60, 300, (0.5, 1 - radius))
    return Path((("M", ((0.5, 0.0),)), ("L", (points[0],)), *curve(points), ("Z", ())))


def comb(rng: Rng) -> Path:
    """A bar with teeth on one side or on both."""
    teeth, back, both = int(rng.integers(3, 7)), rng.uniform(0.2, 0.4), rng.random() < 0.4
    upper: list[Point] = []
    for i in range(2 * teeth - 1):
        level = 0.0 if i % 2 == 0 else (0.5 - back / 2 if both else 1 - back)
        upper += [(i / (2 * teeth - 1), level), ((i + 1) / (2 * teeth - 1), level)]
    lower = [(x, 1 - y if both else 1.0) for x, y in reversed(upper)]
    return Path(closed(*upper, *lower))


def wave(rng: Rng) -> Path:
    turns = int(rng.integers(2, 5))
    commands = [("M", ((0.0, 0.5),))]
    commands += [("Q", (((i + 0.5) / turns, (-0.3, 1.3)[i % 2]), ((i + 1) / turns, 0.5))) for i in range(turns)]
    return Path(tuple(commands), rng.uniform(0.12, 0.28))


def burst(rng: Rng) -> Path:
    """Lines from the middle."""
    rays, inner = int(rng.integers(5, 13)), rng.uniform(0.05, 0.22)
    commands = [part for i in range(rays) for part in line(polar(inner, 360 * i / rays), polar(0.5, 360 * i / rays))]
    return Path(tuple(commands), rng.uniform(0.25, 0.5) / rays)


def half(rng: Rng) -> Path:
    """A part of a disc."""
    size = rng.uniform(110, 280)
    points = arc(0.5, -size / 2, size / 2)
    return Path((("M", (points[0],)), *curve(points), *((("L", ((0.5, 0.5),)),) if size > 200 else ()), ("Z", ())))


def frame(rng: Rng) -> Path:
    """A polygon with a hole of its form."""
    corners, inner = int(rng.integers(3, 7)), rng.uniform(0.2, 0.36)
    outer = [polar(0.5, 360 * i / corners) for i in range(corners)]
    return Path((*closed(*outer), *closed(*(polar(inner, 360 * i / corners) for i in range(corners)))))


Maker = Callable[[Rng], Path]

SOLID: tuple[Maker, ...] = (polygon, star, disc, cross, blob, gear, drop)
OPEN: tuple[Maker, ...] = (ring, frame, crescent, angle, comb, chevron, half)
LINES: tuple[Maker, ...] = (zigzag, spiral, wave, burst)
"""Shapes that look like letters, as some of OPEN do."""
KINDS = ((SOLID, 0.82), (OPEN, 0.13), (LINES, 0.05))


def draw_shape(rng: Rng, solid: bool = False) -> Path:
    """Any shape, or a filled one without a hole."""
    among = SOLID if solid else KINDS[int(rng.choice(len(KINDS), p=[share for _, share in KINDS]))][0]
    return among[int(rng.integers(len(among)))](rng)


def sectors(count: int, inner: float, turn: float) -> list[Path]:
    """A disc, or a ring, in equal parts."""
    found = []
    for i in range(count):
        start, end = turn + 360 * i / count, turn + 360 * (i + 1) / count
        outer, back = arc(0.5, start, end), arc(inner, end, start)
        found.append(Path((("M", (outer[0],)), *curve(outer), ("L", (back[0],)), *curve(back), ("Z", ()))))
    return found


def bands(count: int, lens: bool) -> list[Path]:
    """A square in strips from left to right; or a disc, where `lens`."""
    edges = [i / count for i in range(count + 1)]
    if not lens:
        return [Path(closed((a, 0), (b, 0), (b, 1), (a, 1))) for a, b in zip(edges, edges[1:])]
    return [Path(_slice(a, b)) for a, b in zip(edges, edges[1:])]


def _slice(a: float, b: float):
    """Part of a disc between two upright lines."""
    first, last = (math.degrees(math.asin(max(-1.0, min(1.0, 2 * x - 1)))) for x in (a, b))
    above, below = arc(0.5, first, last), arc(0.5, 180 - last, 180 - first)
    return (("M", (above[0],)), *curve(above), ("L", (below[0],)), *curve(below), ("Z", ()))
