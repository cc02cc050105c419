"""A table of songs beside their contents: a row a song, with its group and its split."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from tailwise.core.errors import UserError
from tailwise.data.tables.lines import read_lines
from tailwise.data.tables.partition import take
from tailwise.data.tables.spelling import quote

NAMES = ("song", "id")
GROUPS = ("group", "key")
"""Columns, the first that is there."""


@dataclass(frozen=True)
class Listed:
    """What the table says of a song. split: "" where it has no such column"""

    group: str
    split: str


@dataclass(frozen=True)
class DrawTest:
    """Test songs for a table that has training and validation songs only.

    share: of the training songs, whole groups; seed: of the draw
    """

    share: float
    seed: int

    def __post_init__(self):
        if not 0 < self.share < 1:
            raise ValueError(f"share must be above 0 and below 1: {self.share}")
        if not 0 <= self.seed < 2**32:
            raise ValueError(f"seed must be within [0, 2**32), found {self.seed}")


def read_listing(file: Path) -> dict[str, Listed]:
    """{song: its group and split}, in file order; columns song or id, and optional group or key, and split.

    Raises UserError, with file and line, for a table without songs or a song that is listed twice.
    """
    columns, lines = read_lines(file, "data.reader.songs_file")
    name = next((column for column in NAMES if column in columns), None)
    group = next((column for column in GROUPS if column in columns), None)
    if name is None:
        raise UserError(f"{file}: has no column {' or '.join(NAMES)}; there are: {', '.join(columns)[:200]}")
    found: dict[str, Listed] = {}
    for line in lines:
        song = line.cells[name]
        if not song or song in found:
            raise UserError(f"{line.where}: the song {quote(song)} is {'listed twice' if song else 'empty'}")
        of_group = line.cells[group] if group else song
        if not of_group:
            raise UserError(f"{line.where}: the song {quote(song)} has no {group}: give it one, as its own name")
        found[song] = Listed(of_group, line.cells.get("split", "").lower())
    return found


def with_test(listing: dict[str, Listed], draw: DrawTest) -> dict[str, Listed]:
    """The same songs, some of `train` moved to `test`; unchanged if there are test songs.

    Validation songs stay; the draw follows from names, groups and seed, not from the order of the table. Raises
    UserError if there are too few groups.
    """
    names = sorted(name for name, of_song in listing.items() if of_song.split == "train")
    if any(of_song.split == "test" for of_song in listing.values()):
        return listing
    groups = [listing[name].group for name in names]
    try:
        chosen = take(np.arange(len(names)), [""] * len(names), groups, draw.share, draw.seed) if names else ()
    except UserError as error:
        raise UserError(f"data.reader.draw_test: too few training songs to draw test songs: {error}") from error
    moved = {names[place] for place in chosen}
    return {name: replace(one, split="test") if name in moved else one for name, one in listing.items()}
