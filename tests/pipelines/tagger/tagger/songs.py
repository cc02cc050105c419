"""Songs as tables: a row a song, its notes and tags as words, ``-`` for a note without a tag.

The demo's songs are made up: a note's tag compares the two notes beside it, so the note itself says nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tailwise.balance.labels import Labels
from tailwise.core.errors import UserError
from tailwise.core.files import write_csv
from tailwise.core.tables import read_table
from tailwise.data.tables.checks.source import Checked
from tailwise.data.tables.rows import SPLITS, Index

NOTES = 4
HEADS = {"tag": ("falls", "stays", "rises")}
SCHEMA = dict.fromkeys(("sample", "group", "notes", *HEADS), "text")


@dataclass(frozen=True)
class Songs:
    """train, valid, test: songs; longest: notes in the longest song."""

    seed: int
    train: int
    valid: int
    test: int
    longest: int


def make_songs(songs: Songs, folder: Path) -> None:
    """``<folder>/<split>.csv``"""
    for number, split in enumerate(SPLITS):
        rng = np.random.default_rng([songs.seed, number])
        names = [f"{split}/{i}" for i in range(getattr(songs, split))]
        rows = [[name, f"{split} album {i // 5}", *_song(rng, songs.longest)] for i, name in enumerate(names)]
        write_csv(folder / f"{split}.csv", ["sample", "group", "notes", "tag"], rows)


def read_songs(folder: Path) -> Checked:
    """Raises UserError for a song with another number of tags than of notes, and for an unknown tag."""
    rows = {split: read_table(folder / f"{split}.csv", SCHEMA) for split in SPLITS}
    for split, songs in rows.items():
        for sample, notes, tags in zip(songs["sample"], songs["notes"], songs["tag"].str.split()):
            if len(tags) != len(notes.split()) or not {*tags} <= {*HEADS["tag"], "-"}:
                raise UserError(f"{folder / split}.csv: sample {sample}: give each note a tag of {HEADS['tag']}")
    index = Index(HEADS, rows, {split: {} for split in SPLITS}, {split: [] for split in SPLITS})
    return Checked(index, leaks=[], warnings=[])


def read_tags(manifest: Path, heads: Sequence[str]) -> Labels:
    songs = read_table(manifest, SCHEMA)
    tags = {head: [[tag.strip("-") for tag in text.split()] for text in songs[head]] for head in heads}
    return Labels(songs["sample"].to_list(), tags)


def _song(rng: np.random.Generator, longest: int) -> tuple[str, str]:
    notes = rng.integers(0, NOTES, rng.integers(3, longest + 1))
    inner = [HEADS["tag"][1 + sign] for sign in np.sign(notes[2:] - notes[:-2])]
    return " ".join(map(str, notes)), " ".join(["-", *inner, "-"])
