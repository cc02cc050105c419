"""The grammar of the demo's songs: which sections a song has, in which order, and what form each has.

All chances that no parameter sets are here.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

SECTIONS = ("intro", "verse", "pre-chorus", "chorus", "bridge", "outro")
SIZES = {
    "intro": ((1, 2, 4), (0.4, 0.4, 0.2)),
    "verse": ((4, 6, 8), (0.5, 0.2, 0.3)),
    "pre-chorus": ((2, 3, 4), (0.6, 0.1, 0.3)),
    "chorus": ((4, 5, 6, 8), (0.5, 0.1, 0.2, 0.2)),
    "bridge": ((2, 4, 6), (0.3, 0.5, 0.2)),
    "outro": ((1, 2, 4), (0.4, 0.4, 0.2)),
}
"""{section: numbers of lines, and their probabilities}"""
LONG_VERSE = (12, 16, 24)
SCHEMES = ((0, 0, 1, 1), (0, 1, 0, 1), (0, 1, 2, 1), (0, 0, 0, 0))
"""Lines of one number rhyme."""
Size = Literal["short", "usual", "long"]


@dataclass(frozen=True)
class Form:
    """Of a section: words and rhyme of each line. Sections of one name share it, with small differences."""

    words: tuple[int, ...]
    rhymes: tuple[int, ...]


@dataclass(frozen=True)
class Habits:
    """How a song repeats.

    change: share of the words of a repeated chorus line that are new; new_lines: of its lines that are new
    pre_chorus_repeats: or has new words each time; hook: the chorus repeats a line of its own
    refrain: verses end on one line; strophic: a later verse repeats the first
    cries: odds of an interjection in a line of the chorus
    """

    change: float
    new_lines: float
    pre_chorus_repeats: bool
    hook: bool
    refrain: bool
    strophic: bool
    cries: float


def draw_size(rng: np.random.Generator) -> Size:
    return ("short", "usual", "long")[rng.choice(3, p=(0.03, 0.94, 0.03))]


def draw_habits(rng: np.random.Generator) -> Habits:
    loose = rng.random() < 0.1
    return Habits(
        change=float(rng.choice((0.0, 0.05, 0.15))) if not loose else 0.25,
        new_lines=0.2 if loose else 0.03,
        pre_chorus_repeats=bool(rng.random() < 0.4),
        hook=bool(rng.random() < 0.35),
        refrain=bool(rng.random() < 0.06),
        strophic=bool(rng.random() < 0.01),
        cries=float(rng.choice((0.02, 0.1, 0.25))),
    )


def draw_order(rng: np.random.Generator, size: Size) -> list[str]:
    """Names of sections in the order in which they are sung."""
    if size == "short":
        return ["verse", "chorus"] if rng.random() < 0.7 else ["chorus", "verse"]
    rounds = int(rng.choice((2, 3, 4), p=(0.45, 0.45, 0.1))) * (2 if size == "long" else 1)
    pre_chorus, bridge = rng.random() < 0.2, rng.random() < 0.35
    order = ["intro"] * (rng.random() < 0.12) + ["chorus"] * (rng.random() < 0.2)
    for number in range(rounds):
        last = number == rounds - 1
        order += ["bridge"] if last and bridge else ["verse"] * (1 + (rng.random() < 0.15))
        order += ["pre-chorus"] * (pre_chorus and not (last and bridge))
        order += ["chorus"] * (1 + (rng.random() < (0.3 if last else 0.1)))
    return order + ["outro"] * (rng.random() < 0.15)


def draw_forms(rng: np.random.Generator, size: Size) -> dict[str, Form]:
    """{section: its form in this song}"""
    usual = rng.uniform(4.5, 8)
    return {name: _form(rng, _lines(rng, name, size), usual + rng.normal(0, 1.0)) for name in SECTIONS}


def _lines(rng: np.random.Generator, name: str, size: Size) -> int:
    if size == "short":
        return int(rng.choice((2, 3, 4)))
    if size == "long" and name == "verse":
        return int(rng.choice(LONG_VERSE))
    counts, odds = SIZES[name]
    return int(rng.choice(counts, p=odds))


def _form(rng: np.random.Generator, lines: int, words: float) -> Form:
    """A pattern of long and short lines that comes again every two or four lines, and a rhyme scheme."""
    pattern = rng.normal(0, 1.3, rng.choice((2, 4)))
    scheme = SCHEMES[rng.integers(len(SCHEMES))]
    lengths = [int(np.clip(round(words + pattern[i % len(pattern)]), 2, 13)) for i in range(lines)]
    return Form(tuple(lengths), tuple(scheme[i % 4] + 3 * (i // 4) for i in range(lines)))
