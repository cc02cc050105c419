"""New songs to predict: a table with columns sample and notes."""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from tagger.model import Model
from tagger.songs import NOTES
from torch import nn

from tailwise.core.errors import UserError
from tailwise.core.files import read_csv
from tailwise.core.heads import Head
from tailwise.core.params.typed import convert
from tailwise.recipes.prediction import Inputs, Sample


@dataclass(frozen=True)
class Song:
    name: str
    notes: list[int]


@dataclass(frozen=True)
class Specification:
    """What stands in a weights file."""

    recipe: Literal["tagger"]
    model: Model
    heads: tuple[Head, ...]


def find_songs(args: argparse.Namespace) -> Inputs:
    if args.table is None:
        raise UserError("give the songs by --table FILE, with columns sample and notes")
    try:
        songs = [Song(row["sample"], [int(note) for note in row["notes"].split()]) for row in read_csv(args.table)]
    except (KeyError, ValueError) as error:
        raise UserError(f"{args.table}: needs the columns sample and notes, notes being numbers: {error}") from error
    return Inputs(songs, source=str(args.table), sample_name="song")


def from_specification(spec: dict) -> tuple[nn.Module, Specification]:
    read = convert(Specification, spec, "")
    return read.model.build(NOTES, *read.heads), read


def read_songs(inputs: Inputs) -> Iterator[Sample]:
    for index, song in enumerate(inputs.samples):
        notes = np.array(song.notes, np.int64)
        yield Sample(index, song.name, {"notes": notes, "length": np.array(len(notes), np.int64)})
