"""Altered training songs: sections left out, played again elsewhere, songs cut, chroma transposed.

An altered song is a list of positions of the original one; its features are computed anew from the altered content,
so that repetition and place are those of the altered song.
"""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from tailwise.recipes.sections.readers.song import Song

LEAST_KEPT = 0.5
"""Of a song that is cut."""
SEMITONES, BINS = 12, 24


@dataclass(frozen=True)
class Variants:
    """copies: altered songs for each training song, at most: one that comes out unchanged is left out
    drop, repeat: chance of each section to be left out, or to be heard once more after another, later one
    cut: chance that a song is cut at either end; transpose: chance that chroma is moved by 1 to 11 semitones
    """

    copies: int = 0
    drop: float = 0.1
    repeat: float = 0.1
    cut: float = 0.2
    transpose: float = 0.0

    def __post_init__(self):
        chances = (self.drop, self.repeat, self.cut, self.transpose)
        if self.copies < 0 or not all(0 <= chance <= 1 for chance in chances):
            raise ValueError("copies must be 0 or more; drop, repeat, cut and transpose in [0, 1]")
        if self.copies and not any(chances):
            raise ValueError("copies without an effect: set drop, repeat, cut or transpose above 0, or copies to 0")


def altered_songs(song: Song, how: Variants, seed: int) -> Iterator[Song]:
    """The altered copies of a song with labels, named ``<name>~1`` and so on; they follow from (seed, name, copy)."""
    for copy in range(1, how.copies + 1):
        rng = np.random.default_rng([seed, zlib.crc32(song.name.encode()), copy])
        positions = draw_positions(song.labels, how, rng)
        shift = int(rng.integers(1, SEMITONES)) if rng.random() < how.transpose else 0
        altered = transposed(at_positions(song, positions), shift)
        if not np.array_equal(positions, np.arange(len(song))) or altered.chroma is not None and shift:
            yield replace(altered, name=f"{song.name}~{copy}")


def draw_positions(labels: tuple[str, ...], how: Variants, rng: np.random.Generator) -> np.ndarray:
    """Positions of the altered song, one or more. labels: (T,), T >= 1; a section is a run of equal labels"""
    starts = [place for place, label in enumerate(labels) if place == 0 or label != labels[place - 1]]
    sections = np.split(np.arange(len(labels)), starts[1:])
    kept = rng.random(len(sections)) >= how.drop
    order = [place for place in range(len(sections)) if kept[place]] or [int(rng.integers(len(sections)))]
    for place in [place for place in order if rng.random() < how.repeat]:
        after = order.index(place) + 1
        order.insert(int(rng.integers(min(after + 1, len(order)), len(order) + 1)), place)
    positions = np.concatenate([sections[place] for place in order])
    return _cut(positions, rng) if rng.random() < how.cut else positions


def _cut(positions: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A piece of at least LEAST_KEPT."""
    length = int(np.ceil(len(positions) * rng.uniform(LEAST_KEPT, 1)))
    start = int(rng.integers(0, len(positions) - length + 1))
    return positions[start : start + length]


def at_positions(song: Song, positions: np.ndarray) -> Song:
    """The song that consists of these positions of another."""
    return replace(
        song,
        labels=tuple(song.labels[place] for place in positions),
        lines=tuple(song.lines[place] for place in positions) if song.lines else (),
        chroma=None if song.chroma is None else song.chroma[positions],
        vectors=None if song.vectors is None else song.vectors[positions],
    )


def transposed(song: Song, semitones: int) -> Song:
    """The song with its chroma, if it has one, moved up."""
    if song.chroma is None:
        return song
    parts = song.chroma[:, :BINS].reshape(len(song), -1, SEMITONES)
    moved = np.roll(parts, semitones, axis=2).reshape(len(song), BINS)
    return replace(song, chroma=np.concatenate([moved, song.chroma[:, BINS:]], axis=1))
