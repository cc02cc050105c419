"""Parts of an SVG file as text: paths within the unit square, moved to their place; numbers with two places."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

Point = tuple[float, float]

SIDE = 256.0
"""Units of a logo's longer side."""


@dataclass(frozen=True)
class Place:
    """A box that the unit square is moved to. x, y: centre; width, height: of the box; turn: degrees

    slant: how far the upper edge moves to the right, in widths
    """

    x: float
    y: float
    width: float
    height: float
    turn: float = 0.0
    slant: float = 0.0

    def of(self, point: Point) -> Point:
        """Where a point of the unit square comes to lie."""
        across = (point[0] - 0.5 + self.slant * (0.5 - point[1])) * self.width
        down = (point[1] - 0.5) * self.height
        cos, sin = math.cos(math.radians(self.turn)), math.sin(math.radians(self.turn))
        return self.x + across * cos - down * sin, self.y + across * sin + down * cos


@dataclass(frozen=True)
class Path:
    """Commands of a path in the unit square: (letter, points); letters as in SVG: M, L, Q, C, Z.

    stroke: width of the line, in sides of the unit square, of a path that is drawn as a line; 0: filled
    """

    commands: tuple[tuple[str, tuple[Point, ...]], ...]
    stroke: float = 0.0

    def data(self, place: Place) -> str:
        """The value of the attribute d."""
        return "".join(name + " ".join(numbers(place.of(p)) for p in points) for name, points in self.commands)

    def element(self, place: Place, paint: str, joins: str = "round") -> str:
        """paint: colour, or url of a gradient; joins: of a line: round or miter"""
        if not self.stroke:
            return f'<path d="{self.data(place)}" fill="{paint}" fill-rule="evenodd"/>'
        width = self.stroke * math.sqrt(place.width * place.height)
        caps = "round" if joins == "round" else "butt"
        style = f'stroke-width="{number(width)}" stroke-linejoin="{joins}" stroke-linecap="{caps}"'
        return f'<path d="{self.data(place)}" fill="none" stroke="{paint}" {style}/>'


def number(value: float) -> str:
    return f"{value:.2f}".removesuffix(".00")


def numbers(values: Iterable[float]) -> str:
    return ",".join(map(number, values))


def line(*points: Point) -> tuple[tuple[str, tuple[Point, ...]], ...]:
    """Commands of an open line through points."""
    return (("M", points[:1]), *(("L", (point,)) for point in points[1:]))


def closed(*points: Point) -> tuple[tuple[str, tuple[Point, ...]], ...]:
    """Commands of a polygon."""
    return (*line(*points), ("Z", ()))


def smooth(points: Sequence[Point]) -> tuple[tuple[str, tuple[Point, ...]], ...]:
    """Commands of a closed curve near points: these are control points, it passes through their middles."""
    middles = [middle(a, b) for a, b in zip(points, [*points[1:], points[0]])]
    return (
        ("M", (middles[-1],)),
        *(("Q", (point, after)) for point, after in zip(points, middles)),
        ("Z", ()),
    )


def middle(a: Point, b: Point) -> Point:
    return (a[0] + b[0]) / 2, (a[1] + b[1]) / 2


def polar(radius: float, degrees: float, centre: Point = (0.5, 0.5)) -> Point:
    """A point of a circle; 0 degrees are upwards."""
    angle = math.radians(degrees - 90)
    return centre[0] + radius * math.cos(angle), centre[1] + radius * math.sin(angle)


def arc(radius: float, start: float, end: float, centre: Point = (0.5, 0.5)) -> list[Point]:
    """Control points of cubic curves along a circle: 3 for each part of at most 90 degrees, after the first point.

    Source of the factor: A. Riskus, Approximation of a cubic Bezier curve by circular arcs, 2006
    """
    parts = max(1, math.ceil(abs(end - start) / 90))
    step = (end - start) / parts
    factor = 4 / 3 * math.tan(math.radians(step) / 4) * radius
    points = [polar(radius, start, centre)]
    for part in range(parts):
        first, last = start + part * step, start + (part + 1) * step
        (ax, ay), (bx, by) = polar(radius, first, centre), polar(radius, last, centre)
        (px, py), (qx, qy) = polar(factor, first + 90, (0, 0)), polar(factor, last + 90, (0, 0))
        points += [(ax + px, ay + py), (bx - qx, by - qy), (bx, by)]
    return points


def curve(points: Sequence[Point]) -> tuple[tuple[str, tuple[Point, ...]], ...]:
    """Commands along what `arc` gives, after a command that reached the first point."""
    return tuple(("C", tuple(points[i : i + 3])) for i in range(1, len(points), 3))
