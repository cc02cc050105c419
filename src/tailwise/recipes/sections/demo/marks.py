"""How an annotator writes a song's sections down: names of marks, some wrong, some missing."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from tailwise.recipes.sections.demo.grammar import SECTIONS
from tailwise.recipes.sections.demo.song import Section

SWAPPED = {"verse": "chorus", "chorus": "verse"}
CHORUS = ("Chorus", "Hook", "Refrain")
CHORUS_ODDS = (0.8, 0.12, 0.08)


@dataclass(frozen=True)
class Faults:
    """Faults of annotators, as shares.

    swapped: of songs where verse and chorus are named the other way round, which no line gives away
    wrong: of sections that are named as another
    missing: of sections without a mark, whose lines count to the section before, or to none at the start
    """

    swapped: float
    wrong: float
    missing: float

    def __post_init__(self) -> None:
        for name, share in vars(self).items():
            if not 0 <= share <= 0.5:
                raise ValueError(f"{name} must be within [0, 0.5], found {share}")


def swapped_songs(lengths: Sequence[int], share: float) -> set[int]:
    """Which songs of a split are named the other way round: exactly this share, spread evenly over their lengths.

    So splits are alike also by lines, where one long song more would change a small split's figures.
    """
    count = round(len(lengths) * share)
    places = ((np.arange(count) + 0.5) * len(lengths) / max(count, 1)).astype(int)
    return {*np.argsort(lengths, kind="stable")[places].tolist()}


def name_sections(
    rng: np.random.Generator, sections: Sequence[Section], faults: Faults, swapped: bool
) -> list[Section]:
    """The sections with the names that the annotator gives; "" without a mark."""
    swap = SWAPPED if swapped else {}
    return [replace(section, name=_named(rng, swap.get(section.name, section.name), faults)) for section in sections]


def _named(rng: np.random.Generator, name: str, faults: Faults) -> str:
    chance, other = rng.random(), [*(set(SECTIONS) - {name})]
    if chance < faults.missing:
        return ""
    if chance >= faults.missing + faults.wrong:
        return name
    return SWAPPED.get(name) or sorted(other)[rng.integers(len(other))]


def write_song(rng: np.random.Generator, sections: Sequence[Section], artist: str) -> str:
    """The song's file: marks in the style of its site, a blank line before most."""
    chorus = CHORUS[rng.choice(3, p=CHORUS_ODDS)]
    credit = f": {artist}" if rng.random() < 0.2 else ""
    numbered, spaced, round_marks = rng.random() < 0.7, rng.random() < 0.9, rng.random() < 0.05
    parts, verses = [], 0
    for section in sections:
        verses += section.name == "verse"
        title = chorus if section.name == "chorus" else section.name.title()
        number = f" {verses}" if numbered and section.name == "verse" else ""
        mark = f"({title})" if round_marks else f"[{title}{number}{credit}]"
        parts.append("\n".join([*([mark] if section.name else []), *section.lines]))
    return ("\n\n" if spaced else "\n").join(parts) + "\n"
