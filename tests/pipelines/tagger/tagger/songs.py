"""Made-up songs: a note's tag compares the two notes beside it, so the note itself says nothing."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tailwise.core.files import write_csv, write_json

NOTES = 4
HEADS = {"tag": ("falls", "stays", "rises")}


@dataclass(frozen=True)
class Songs:
    """train, valid: songs; longest: notes in the longest song."""

    seed: int
    train: int
    valid: int
    longest: int


def make_songs(songs: Songs, folder: Path) -> None:
    """``<folder>/{train,valid}/manifest.csv``: a row a song, notes and tags as words, - for no tag."""
    for number, (split, size) in enumerate({"train": songs.train, "valid": songs.valid}.items()):
        rng = np.random.default_rng([songs.seed, number])
        rows = [[f"{split}/{i}", f"album {i // 10}", *_song(rng, songs.longest)] for i in range(size)]
        write_csv(folder / split / "manifest.csv", ["sample", "group", "notes", "tags"], rows)


def write_heads(path: Path) -> None:
    write_json(path, HEADS)


def _song(rng: np.random.Generator, longest: int) -> tuple[str, str]:
    notes = rng.integers(0, NOTES, rng.integers(3, longest + 1))
    inner = [HEADS["tag"][1 + sign] for sign in np.sign(notes[2:] - notes[:-2])]
    return " ".join(map(str, notes)), " ".join(["-", *inner, "-"])
