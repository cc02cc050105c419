"""Paints the frames of a scene: wall, table, objects, hand."""

import colorsys
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from tailwise.recipes.actions.demo.scripts import Key, Moved, Scene, Thing, at, draw_thing, value_at

FINE = 2
"""Supersampling factor, for antialiasing."""
COLOURS = {
    "red": (0.0, 0.75, 0.75),
    "orange": (0.08, 0.8, 0.85),
    "yellow": (0.15, 0.75, 0.85),
    "green": (0.36, 0.65, 0.6),
    "blue": (0.6, 0.7, 0.75),
    "purple": (0.77, 0.5, 0.65),
    "white": (0.0, 0.0, 0.92),
    "black": (0.0, 0.0, 0.15),
}
"""Hue, saturation and value."""
DRIFT, OTHER_HAND = 0.08, 0.35
"""Of the camera, in picture heights; and how often a second hand is seen."""
Colour = tuple[int, int, int]
Spot = tuple[float, float]


def hsv(hue: float, saturation: float, value: float) -> Colour:
    red, green, blue = (round(255 * part) for part in colorsys.hsv_to_rgb(hue % 1, saturation, value))
    return red, green, blue


def shade(colour: Colour, light: float) -> Colour:
    red, green, blue = (min(255, round(part * light)) for part in colour)
    return red, green, blue


@dataclass(frozen=True)
class Look:
    """What varies between clips whatever their class.

    table: y of the table's front line and its depth, in picture heights; zoom: of the scene; skin, sleeve: of the hand
    palm: its radius; clutter: objects at the back, which stand still; drift: start and end (x, y) of the camera
    shake: amplitude; passer: (start x, end x, width) of what moves before the wall, or None
    other: keys of another person's hand that does nothing with the objects, or ()
    """

    wall: tuple[Colour, Colour]
    wood: Colour
    table: tuple[float, float]
    zoom: float
    skin: Colour
    sleeve: Colour
    palm: float
    clutter: tuple[Moved, ...]
    drift: tuple[Spot, Spot]
    shake: float
    passer: tuple[float, float, float] | None
    other: tuple[Key, ...]
    light: float


def draw_look(rng: np.random.Generator) -> Look:
    tone = rng.random(), rng.uniform(0.05, 0.4), rng.uniform(0.45, 0.85)
    wall = hsv(*tone), hsv(tone[0] + rng.uniform(-0.1, 0.1), tone[1], tone[2] * rng.uniform(0.8, 1.1))
    drift = tuple((float(x), float(y)) for x, y in rng.uniform(-DRIFT, DRIFT, (2, 2)))
    return Look(
        wall=wall,
        wood=hsv(rng.uniform(0.03, 0.14), rng.uniform(0.2, 0.6), rng.uniform(0.35, 0.75)),
        table=(float(rng.uniform(0.28, 0.36)), float(rng.uniform(0.12, 0.24))),
        zoom=float(rng.uniform(0.75, 1.1)),
        skin=hsv(rng.uniform(0.04, 0.08), rng.uniform(0.3, 0.6), rng.uniform(0.4, 0.95)),
        sleeve=hsv(rng.random(), rng.uniform(0.2, 0.8), rng.uniform(0.25, 0.8)),
        palm=float(rng.uniform(0.075, 0.095)),
        clutter=tuple(_clutter(rng) for _ in range(int(rng.integers(3)))),
        drift=(drift[0], drift[1]),
        shake=float(rng.uniform(0, 0.02)),
        passer=(*rng.uniform(-0.8, 0.8, 2).tolist(), float(rng.uniform(0.1, 0.3))) if rng.random() < 0.5 else None,
        other=_other_hand(rng) if rng.random() < OTHER_HAND else (),
        light=float(rng.uniform(0.8, 1.15)),
    )


def _other_hand(rng: np.random.Generator) -> tuple[Key, ...]:
    """Comes and goes at one side, to and fro between places drawn alike: it looks the same in reversed time."""
    edge = float(rng.choice([-1, 1])) * rng.uniform(0.45, 0.6, 5)
    heights = rng.uniform(-0.45, 0.0, 5)
    return tuple((place / 4, float(x), float(y)) for place, (x, y) in enumerate(zip(edge, heights)))


def _clutter(rng: np.random.Generator) -> Moved:
    return Moved(draw_thing(rng), ((0.0, float(rng.uniform(-0.6, 0.6)), float(rng.uniform(-0.14, -0.08))),))


def paint(scene: Scene, look: Look, moments: np.ndarray, size: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """Frames (T, height, width, 3) uint8 at these moments. size: width and height in pixels"""
    shakes = rng.normal(0, look.shake, (len(moments), 2))
    frames = [_frame(scene, look, moment, shake, size) for moment, shake in zip(moments.tolist(), shakes.tolist())]
    return np.stack(frames)


def _frame(scene: Scene, look: Look, moment: float, shake: list[float], size: tuple[int, int]) -> np.ndarray:
    (x0, y0), (x1, y1) = look.drift
    camera = x0 + moment * (x1 - x0) + shake[0], y0 + moment * (y1 - y0) + shake[1]
    brush = Brush(size, look.zoom, (camera[0], camera[1] + look.table[0]))
    brush.room(look, moment)
    for each in (*look.clutter, *scene.objects):
        angle = value_at(each.lid, moment) if each.lid else 0.0
        brush.thing(each.thing, at(each.keys, moment), angle)
    if look.other:
        brush.hand(look, at(look.other, moment), (4.0 if look.other[0][1] > 0 else -4.0, 0.5), 0.6)
    brush.hand(look, at(scene.hand, moment), scene.arm, value_at(scene.closed, moment))
    return brush.picture(look.light)


class Brush:
    """Draws in picture heights, with (0, 0) at `origin`; whole pixels of a canvas FINE times the picture."""

    def __init__(self, size: tuple[int, int], zoom: float, origin: Spot):
        self.size, self.scale = size, FINE * size[1] * zoom
        self.left, self.top = FINE * size[0] / 2 + FINE * size[1] * origin[0], FINE * size[1] * (0.5 + origin[1])
        self.canvas = Image.new("RGB", (FINE * size[0], FINE * size[1]))
        self.draw = ImageDraw.Draw(self.canvas)

    def spot(self, x: float, y: float) -> tuple[int, int]:
        return round(self.left + self.scale * x), round(self.top + self.scale * y)

    def length(self, value: float) -> int:
        return max(1, round(self.scale * value))

    def polygon(self, spots: list[Spot], colour: Colour) -> None:
        self.draw.polygon([self.spot(*spot) for spot in spots], colour, shade(colour, 0.55), 2)

    def disc(self, x: float, y: float, radius: float, colour: Colour, edge: bool = True) -> None:
        (column, row), r = self.spot(x, y), self.length(radius)
        box = (column - r, row - r, column + r, row + r)
        self.draw.ellipse(box, colour, shade(colour, 0.55) if edge else None, 2 if edge else 0)

    def room(self, look: Look, moment: float) -> None:
        """Wall, what passes before it, and the table."""
        width, height = self.canvas.size
        back = self.spot(0, -look.table[1])[1]
        self.draw.rectangle((0, 0, width, height), look.wall[0])
        self.draw.rectangle((0, 0, width, max(back // 2, 0)), look.wall[1])
        if look.passer:
            start, end, wide = look.passer
            left, top = self.spot(start + moment * (end - start) - wide / 2, -0.8)
            self.draw.rectangle((left, top, left + self.length(wide), max(back, top)), shade(look.wall[1], 0.75))
        self.draw.rectangle((0, back, width, 2 * height), look.wood)
        front = self.spot(0, 0.06)[1]
        self.draw.rectangle((0, front, width, front + height), shade(look.wood, 0.7))

    def thing(self, thing: Thing, foot: Spot, angle: float) -> None:
        colour = hsv(*list(COLOURS.values())[thing.colour])
        SHAPES[thing.shape](self, foot[0], foot[1], thing, colour)
        if thing.shape == "chest":
            self._lid(thing, foot, angle, shade(colour, 0.8))

    def _lid(self, thing: Thing, foot: Spot, angle: float, colour: Colour) -> None:
        """A bar along the top, turned about its left end, or its right one where the angle is negative."""
        side, turn = (1.0, angle) if angle >= 0 else (-1.0, -angle)
        hinge = foot[0] - side * thing.size / 2, foot[1] - thing.height
        cos, sin = float(np.cos(np.radians(turn))), float(np.sin(np.radians(turn)))
        tip = hinge[0] + side * thing.size * cos, hinge[1] - thing.size * sin
        thick = 0.055
        across = side * thick * sin, thick * cos
        spots = [hinge, tip, (tip[0] - across[0], tip[1] - across[1]), (hinge[0] - across[0], hinge[1] - across[1])]
        self.polygon(spots, colour)

    def hand(self, look: Look, palm: Spot, arm: Spot, closed: float) -> None:
        """Arm, palm and fingers; fingers point away from the arm and are spread if open."""
        x, y, r = *palm, look.palm
        norm = float(np.hypot(*arm))
        towards = arm[0] / norm, arm[1] / norm
        wrist = x + towards[0] * 1.3 * r, y + towards[1] * 1.3 * r
        elbow = x + towards[0] * 3.0, y + towards[1] * 3.0
        self.draw.line((self.spot(*elbow), self.spot(*wrist)), look.sleeve, self.length(1.7 * r))
        self.draw.line((self.spot(*wrist), self.spot(x, y)), look.skin, self.length(1.2 * r))
        for turn in (-50, -18, 14, 46):
            self._finger((x, y), towards, turn * (1.25 - closed), r * (2.1 - 1.0 * closed), look.skin)
        self.disc(x, y, r, look.skin)
        if closed > 0.5:
            for turn in (-30, 0, 30):
                self._finger((x, y), towards, turn, r * 0.8, shade(look.skin, 0.75))

    def _finger(self, palm: Spot, towards: Spot, turn: float, length: float, colour: Colour) -> None:
        cos, sin = float(np.cos(np.radians(turn))), float(np.sin(np.radians(turn)))
        way = -(towards[0] * cos - towards[1] * sin), -(towards[0] * sin + towards[1] * cos)
        tip = palm[0] + way[0] * length, palm[1] + way[1] * length
        self.draw.line((self.spot(*palm), self.spot(*tip)), colour, self.length(0.035))

    def picture(self, light: float) -> np.ndarray:
        """(height, width, 3) uint8"""
        levels = [min(255, round(level * light)) for level in range(256)]
        return np.asarray(self.canvas.reduce(FINE).point(levels * 3))


def _box(brush: Brush, x: float, y: float, thing: Thing, colour: Colour) -> None:
    half = thing.size / 2
    brush.polygon([(x - half, y), (x + half, y), (x + half, y - thing.height), (x - half, y - thing.height)], colour)


def _ball(brush: Brush, x: float, y: float, thing: Thing, colour: Colour) -> None:
    brush.disc(x, y - thing.size / 2, thing.size / 2, colour)
    brush.disc(x - thing.size * 0.12, y - thing.size * 0.62, thing.size * 0.12, shade(colour, 1.25), edge=False)


def _cup(brush: Brush, x: float, y: float, thing: Thing, colour: Colour) -> None:
    low, high = thing.size * 0.36, thing.size / 2
    top = y - thing.height
    brush.polygon([(x - low, y), (x + low, y), (x + high, top), (x - high, top)], colour)


def _bottle(brush: Brush, x: float, y: float, thing: Thing, colour: Colour) -> None:
    half, neck, top = thing.size * 0.35, thing.size * 0.13, y - thing.height
    spots = [(x - half, y), (x + half, y), (x + half, y - thing.height * 0.6), (x + neck, y - thing.height * 0.75)]
    brush.polygon([*spots, (x + neck, top), (x - neck, top), *((2 * x - a, b) for a, b in spots[:1:-1])], colour)


def _bowl(brush: Brush, x: float, y: float, thing: Thing, colour: Colour) -> None:
    """A bowl upside down."""
    half, top = thing.size / 2, y - thing.height
    brush.polygon(
        [(x - half, y), (x + half, y), (x + half * 0.8, top + thing.height * 0.3)]
        + [(x + half * 0.4, top), (x - half * 0.4, top), (x - half * 0.8, top + thing.height * 0.3)],
        colour,
    )


SHAPES: dict[str, Callable[[Brush, float, float, Thing, Colour], None]] = {
    "box": _box,
    "chest": _box,
    "ball": _ball,
    "cup": _cup,
    "bottle": _bottle,
    "bowl": _bowl,
}
