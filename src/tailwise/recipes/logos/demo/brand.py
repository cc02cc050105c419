"""A brand and its logos: the same name, hand and design; other colours and another drawing each."""

from dataclasses import dataclass, replace

import numpy as np

from tailwise.recipes.logos.demo.colours import Colour, Palette, draw_apart, draw_palette, hexadecimal, mixed
from tailwise.recipes.logos.demo.designs import Brief, Design, divided, draw_design, words
from tailwise.recipes.logos.demo.drawing import SIDE, Place, number
from tailwise.recipes.logos.demo.letters import draw_hand

Rng = np.random.Generator

CONSONANTS, VOWELS = "BCDFGHJKLMNPQRSTVWXYZ", "AEIOU"
STEP = 190.0
"""Distance of the colours of a gradient, see `draw_apart`."""


@dataclass(frozen=True)
class Brand:
    """name: unique; kind: class; design: of its logos; aspect: of a logo, width by height"""

    name: str
    kind: str
    design: Design
    brief: Brief
    aspect: float


def draw_name(rng: Rng) -> str:
    """Two to six letters that can be spoken."""
    length = int(rng.choice((2, 3, 4, 5, 6), p=(0.1, 0.3, 0.3, 0.2, 0.1)))
    first = int(rng.integers(2))
    return "".join(_letter(rng, (CONSONANTS, VOWELS)[(first + i) % 2]) for i in range(length))


def _letter(rng: Rng, among: str) -> str:
    return among[int(rng.integers(len(among)))]


def draw_brand(rng: Rng, kind: str, number: int) -> Brand:
    word = draw_name(rng)
    brief, aspect = Brief(word, draw_hand(rng)), float(np.exp2(rng.uniform(-0.5, 0.6)))
    return Brand(f"{word.lower()}{number:04d}", kind, draw_design(rng, kind), brief, aspect)


def draw_logo(rng: Rng, brand: Brand) -> str:
    """A logo as an SVG file."""
    width, height = (SIDE, SIDE / brand.aspect) if brand.aspect > 1 else (SIDE * brand.aspect, SIDE)
    place = _draw_place(rng, width, height)
    palette = draw_palette(rng, 5)
    paints, definitions = _paints(rng, brand, palette)
    ground = _ground(rng, palette.ground, width, height)
    elements = brand.design(rng, replace(brand.brief, paints=paints), place)
    body = "\n".join([*definitions, *ground, *elements])
    size = f"{number(width)} {number(height)}"
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size}">\n{body}\n</svg>\n'


def _draw_place(rng: Rng, width: float, height: float) -> Place:
    """Where the drawing is: a part of the logo, now and then turned."""
    across, down = rng.uniform(0.88, 0.98, 2)
    x = width / 2 + rng.uniform(-0.5, 0.5) * (1 - across) * width
    y = height / 2 + rng.uniform(-0.5, 0.5) * (1 - down) * height
    turn = rng.uniform(-10, 10) if rng.random() < 0.2 else 0.0
    return Place(float(x), float(y), width * across, height * down, float(turn))


def _ground(rng: Rng, colour: Colour, width: float, height: float) -> list[str]:
    """A tile behind the drawing; none for a white ground in half of the logos."""
    if colour == (255, 255, 255) and rng.random() < 0.5:
        return []
    corner = number(float(rng.uniform(0, 0.3)) * min(width, height))
    size = f'width="{number(width)}" height="{number(height)}"'
    return [f'<rect {size} rx="{corner}" fill="{hexadecimal(colour)}"/>']


def _paints(rng: Rng, brand: Brand, palette: Palette) -> tuple[list[str], list[str]]:
    """The paints of a logo's parts, and the definitions that they name."""
    inks = list(palette.inks)
    if brand.kind == "gradient":
        return _gradients(rng, palette)
    if brand.kind == "simple":
        return [hexadecimal(inks[0])], []
    if brand.kind == "complex" and brand.design is divided and rng.random() < 0.2:
        steps = int(rng.integers(4, 9))
        return [hexadecimal(mixed(inks[0], inks[1], i / (steps - 1))) for i in range(steps)], []
    least = 3 if brand.kind == "complex" else 1
    count = int(rng.integers(least, 6)) if brand.design is not words or rng.random() < 0.4 else 1
    return [hexadecimal(ink) for ink in inks[:count]], []


def _gradients(rng: Rng, palette: Palette) -> tuple[list[str], list[str]]:
    """One or two gradients of three colours, along any direction or from the middle."""
    found, names = [], []
    for place in range(int(rng.integers(1, 3))):
        colours = [palette.inks[place]]
        for _ in range(2):
            colours.append(draw_apart(rng, [colours[-1], palette.ground], STEP))
        stops = "".join(
            f'<stop offset="{number(share)}" stop-color="{hexadecimal(colour)}"/>'
            for share, colour in zip((0, float(rng.uniform(0.35, 0.65)), 1), colours)
        )
        if rng.random() < 0.3:
            found.append(f'<radialGradient id="g{place}">{stops}</radialGradient>')
        else:
            turn = number(float(rng.uniform(0, 360)))
            found.append(
                f'<linearGradient id="g{place}" gradientTransform="rotate({turn} 0.5 0.5)">{stops}</linearGradient>'
            )
        names.append(f"url(#g{place})")
    return names, [f"<defs>{''.join(found)}</defs>"]
