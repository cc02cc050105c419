"""Letters drawn as lines, and words of them. The forms are ours: no font is read."""

import re
from dataclasses import dataclass

import numpy as np

from tailwise.recipes.logos.demo.drawing import Path, Place

FORMS = {
    "A": "M0 1L.5 0L1 1M.2 .64L.8 .64",
    "B": "M0 0L0 1L.55 1Q1 1 1 .75Q1 .5 .55 .5L0 .5M0 0L.5 0Q.92 0 .92 .25Q.92 .5 .5 .5",
    "C": "M.95 .2Q.8 0 .5 0Q0 0 0 .5Q0 1 .5 1Q.8 1 .95 .8",
    "D": "M0 0L0 1L.4 1Q1 1 1 .5Q1 0 .4 0L0 0",
    "E": "M.9 0L0 0L0 1L.9 1M0 .5L.75 .5",
    "F": "M.9 0L0 0L0 1M0 .5L.75 .5",
    "G": "M.95 .2Q.8 0 .5 0Q0 0 0 .5Q0 1 .5 1Q1 1 1 .55L.6 .55",
    "H": "M0 0L0 1M1 0L1 1M0 .5L1 .5",
    "I": "M.5 0L.5 1",
    "J": "M.8 0L.8 .7Q.8 1 .4 1Q.05 1 .05 .7",
    "K": "M0 0L0 1M.9 0L0 .6M.3 .42L.95 1",
    "L": "M0 0L0 1L.85 1",
    "M": "M0 1L0 0L.5 .7L1 0L1 1",
    "N": "M0 1L0 0L1 1L1 0",
    "O": "M.5 0Q1 0 1 .5Q1 1 .5 1Q0 1 0 .5Q0 0 .5 0",
    "P": "M0 1L0 0L.55 0Q1 0 1 .28Q1 .56 .55 .56L0 .56",
    "Q": "M.5 0Q1 0 1 .5Q1 1 .5 1Q0 1 0 .5Q0 0 .5 0M.6 .7L1 1.05",
    "R": "M0 1L0 0L.55 0Q1 0 1 .27Q1 .54 .55 .54L0 .54M.45 .54L1 1",
    "S": "M.92 .18Q.8 0 .5 0Q.05 0 .05 .25Q.05 .46 .5 .5Q.98 .54 .98 .76Q.98 1 .5 1Q.15 1 .02 .8",
    "T": "M0 0L1 0M.5 0L.5 1",
    "U": "M0 0L0 .6Q0 1 .5 1Q1 1 1 .6L1 0",
    "V": "M0 0L.5 1L1 0",
    "W": "M0 0L.25 1L.5 .3L.75 1L1 0",
    "X": "M0 0L1 1M1 0L0 1",
    "Y": "M0 0L.5 .5L1 0M.5 .5L.5 1",
    "Z": "M0 0L1 0L0 1L1 1",
}
WIDTHS = {"I": 0.25, "M": 1.25, "W": 1.4, "J": 0.8, "L": 0.85, "E": 0.9, "F": 0.85}
"""Of letters, in usual widths."""
COMMAND = re.compile(r"([MLQ])([^MLQ]*)")


@dataclass(frozen=True)
class Hand:
    """How a brand writes. weight: of lines, in heights; width: of a letter, in heights; gap: between, in heights

    slant: of letters; joins: round or miter; dance: how far letters leave the line, in heights
    """

    weight: float
    width: float
    gap: float
    slant: float
    joins: str
    dance: float

    def advance(self, letter: str) -> float:
        """In heights."""
        return self.width * WIDTHS.get(letter, 1.0)

    def length(self, word: str) -> float:
        """Of a word, in heights."""
        return sum(self.advance(letter) + self.gap for letter in word) - self.gap + self.weight


def draw_hand(rng: np.random.Generator) -> Hand:
    weight = rng.uniform(0.15, 0.26)
    slant = rng.uniform(0.1, 0.4) if rng.random() < 0.3 else 0.0
    return Hand(
        weight=weight,
        width=rng.uniform(0.5, 0.95),
        gap=weight + rng.uniform(0.08, 0.3),
        slant=slant,
        joins=("round", "miter")[int(rng.random() < 0.5)],
        dance=rng.uniform(0.04, 0.14) if rng.random() < 0.25 else 0.0,
    )


def letter_path(letter: str, weight: float) -> Path:
    """weight: in sides of the unit square"""
    commands = []
    for name, text in COMMAND.findall(FORMS[letter]):
        values = [float(value) for value in text.split()]
        commands.append((name, tuple(zip(values[::2], values[1::2]))))
    return Path(tuple(commands), weight)


def word_elements(rng: np.random.Generator, word: str, hand: Hand, place: Place, paints: list[str]) -> list[str]:
    """A word that fills a box as far as its form allows. paints: of its letters, again from the first after the last"""
    height = min(place.height, place.width / hand.length(word))
    left = -hand.length(word) * height / 2 + hand.weight * height / 2
    found = []
    for number, letter in enumerate(word):
        width = hand.advance(letter) * height
        dance = rng.uniform(-1, 1) * hand.dance
        across, down = (left + width / 2) / place.width + 0.5, dance * height / place.height + 0.5
        x, y = place.of((across, down))
        inner = height * (1 - hand.weight)
        box = Place(x, y, width, inner, place.turn + 90 * dance, hand.slant)
        weight = hand.weight * height / (width * inner) ** 0.5
        found.append(letter_path(letter, weight).element(box, paints[number % len(paints)], hand.joins))
        left += width + hand.gap * height
    return found
