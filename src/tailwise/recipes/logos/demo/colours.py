"""Colours of a brand, told apart from each other and from the ground."""

import colorsys
import math
from dataclasses import dataclass

import numpy as np

Colour = tuple[int, int, int]

WHITE: Colour = (255, 255, 255)
APART = 160.0
"""Euclidean distance of two colours of a brand in RGB, at least."""
TRIES = 60


@dataclass(frozen=True)
class Palette:
    """ground: colour behind the logo; inks: of its parts"""

    ground: Colour
    inks: tuple[Colour, ...]


def draw_colour(rng: np.random.Generator) -> Colour:
    """Any hue; now and then grey, black or white."""
    saturation = rng.uniform(0.45, 1.0) if rng.random() < 0.85 else rng.uniform(0.0, 0.1)
    red, green, blue = colorsys.hsv_to_rgb(rng.random(), saturation, rng.uniform(0.15, 1.0))
    return round(255 * red), round(255 * green), round(255 * blue)


def draw_palette(rng: np.random.Generator, count: int) -> Palette:
    """A ground, white for half of the brands, and `count` inks."""
    ground = WHITE if rng.random() < 0.85 else draw_colour(rng)
    inks: list[Colour] = []
    for _ in range(count):
        inks.append(draw_apart(rng, [ground, *inks]))
    return Palette(ground, tuple(inks))


def draw_apart(rng: np.random.Generator, others: list[Colour], apart: float = APART) -> Colour:
    """A colour at least `apart` from all others; the farthest of TRIES if there is none."""
    best, widest = WHITE, -1.0
    for _ in range(TRIES):
        colour = draw_colour(rng)
        if (gap := min(math.dist(colour, other) for other in others)) >= apart:
            return colour
        if gap > widest:
            best, widest = colour, gap
    return best


def mixed(first: Colour, second: Colour, share: float) -> Colour:
    """share: of the second"""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(first, second))
    return red, green, blue


def hexadecimal(colour: Colour) -> str:
    return f"#{bytes(colour).hex()}"
