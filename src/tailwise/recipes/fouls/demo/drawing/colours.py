"""Colours as limited-range Y, Cb, Cr; painting in them avoids conversions whose rounding could differ."""

import colorsys
from dataclasses import dataclass

import numpy as np

Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Kit:
    """Colours of a team's players."""

    shirt: Colour
    sleeve: Colour
    shorts: Colour
    socks: Colour
    shoe: Colour
    skin: Colour
    hair: Colour


def yuv(red: float, green: float, blue: float) -> Colour:
    """BT.601 Y, Cb, Cr of a colour given by parts of 0..1.

    >>> yuv(1, 1, 1), yuv(0, 0, 0)
    ((235, 128, 128), (16, 128, 128))
    """
    return (
        round(16 + 65.481 * red + 128.553 * green + 24.966 * blue),
        round(128 - 37.797 * red - 74.203 * green + 112 * blue),
        round(128 + 112 * red - 93.786 * green - 18.214 * blue),
    )


def hsv(hue: float, saturation: float, value: float) -> Colour:
    return yuv(*colorsys.hsv_to_rgb(hue % 1, saturation, value))


def shade(colour: Colour, part: float) -> Colour:
    """The colour at `part` (0..1) of its brightness."""
    luma, blue, red = colour
    return round(16 + (luma - 16) * part), round(128 + (blue - 128) * part), round(128 + (red - 128) * part)


def draw_kits(rng: np.random.Generator) -> tuple[Kit, Kit]:
    """Two kits with distant hues, neither of them grass green."""
    first = rng.uniform(-0.12, 0.12)
    second = rng.uniform(0.52, 0.72)
    kits = draw_kit(first, rng), draw_kit(second, rng)
    return (kits[1], kits[0]) if rng.random() < 0.5 else kits


def draw_kit(hue: float, rng: np.random.Generator) -> Kit:
    shirt = hsv(hue, rng.uniform(0.65, 1), rng.uniform(0.7, 1))
    shorts = (hsv(0, 0, 0.95), hsv(0, 0, 0.13), shade(shirt, 0.6))[int(rng.integers(3))]
    socks = (shirt, hsv(0, 0, 0.9))[int(rng.integers(2))]
    skin = hsv(0.07, rng.uniform(0.35, 0.6), rng.uniform(0.5, 0.92))
    hair = hsv(0.08, 0.6, rng.uniform(0.08, 0.5))
    return Kit(shirt, shade(shirt, 0.85), shorts, socks, hsv(0, 0, rng.uniform(0.05, 0.2)), skin, hair)
