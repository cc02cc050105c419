"""Made-up lyrics with section marks, with reproducible bytes.

A grammar draws the sections; choruses come again with small changes, verses share their form but not their words. Lines
of all sections are made of the same words, so that a line alone says little. Some songs and sections are named wrong.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tailwise.recipes.sections.demo.marks import Faults, name_sections, swapped_songs, write_song
from tailwise.recipes.sections.demo.song import draw_song
from tailwise.recipes.sections.demo.words import lexicon, syllable

__all__ = ["Demo", "Faults", "make_demo"]

SPLITS = ("train", "valid", "test")


@dataclass(frozen=True)
class Demo:
    """train, valid, test: songs; songs_per_artist: who are in one split alone; faults: of the annotators"""

    seed: int
    train: int
    valid: int
    test: int
    songs_per_artist: int
    faults: Faults

    def __post_init__(self) -> None:
        if self.seed < 0:
            raise ValueError(f"seed {self.seed} is negative")
        for name in (*SPLITS, "songs_per_artist"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be 1 or more, found {getattr(self, name)}")


def make_demo(demo: Demo, folder: Path) -> None:
    """Write ``<folder>/<split>/<artist> - <title>.txt``, a song each."""
    words = lexicon(demo.seed)
    for place, split in enumerate(SPLITS):
        (folder / split).mkdir(parents=True, exist_ok=True)
        streams = [np.random.default_rng([demo.seed, 1 + place, number]) for number in range(getattr(demo, split))]
        songs = [draw_song(rng, words) for rng in streams]
        swapped = swapped_songs([sum(len(part.lines) for part in song) for song in songs], demo.faults.swapped)
        for number, (rng, song) in enumerate(zip(streams, songs)):
            artist, title = _artist(demo, place, number // demo.songs_per_artist), f"{_name(rng)} {number:03d}"
            text = write_song(rng, name_sections(rng, song, demo.faults, number in swapped), artist)
            (folder / split / f"{artist} - {title}.txt").write_text(text, encoding="utf-8", newline="\n")


def _artist(demo: Demo, place: int, number: int) -> str:
    """An invented name and a number, so that no two artists have one name."""
    rng = np.random.default_rng([demo.seed, 4 + place, number])
    return f"{_name(rng)} {SPLITS[place][0].upper()}{number:02d}"


def _name(rng: np.random.Generator) -> str:
    return (syllable(rng) + syllable(rng)).title()
