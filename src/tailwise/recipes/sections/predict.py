"""New songs as a model takes them. Only `from_specification` loads torch, as exported models read songs, too."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tailwise.core.errors import UserError, print_error
from tailwise.recipes.prediction import Sample
from tailwise.recipes.sections.features.chroma import BINS
from tailwise.recipes.sections.features.song import song_features
from tailwise.recipes.sections.inputs import WORDS, SongFile, SongInputs
from tailwise.recipes.sections.readers.song import Song

if TYPE_CHECKING:
    from torch import nn

    from tailwise.recipes.sections.stored.specification import Specification

ONE_SONG = ("jams", "lab")
"""Formats of one song alone."""


def from_specification(spec: dict) -> "tuple[nn.Module, Specification]":
    """The model without its weights; UserError or ValueError for a wrong specification."""
    from tailwise.recipes.sections.stored.specification import from_specification

    return from_specification(spec)


def fit_inputs(inputs: SongInputs, spec: "Specification", form: str | None) -> SongInputs:
    """With what the model knows of positions. Raises UserError for songs of another kind or width."""
    if (inputs.kind, spec.features.kind) == ("vectors", "chroma"):
        inputs = as_chroma(inputs, spec)
    if inputs.kind != spec.features.kind:
        trained, given = WORDS[spec.features.kind], WORDS[inputs.kind][0]
        raise UserError(f"{inputs.source}: {given}, but the model was trained on {trained[0]}: give {trained[1]}")
    if form in ONE_SONG and len(inputs.samples) > 1:
        raise UserError(
            f"{inputs.source}: {len(inputs.samples)} songs, but a file of --format {form} has one; give one"
        )
    if form in ONE_SONG and spec.seconds is None:
        print_error(f"times in the {form} file are positions, counted from 0: the model knows no seconds")
    return replace(inputs, seconds=spec.seconds)


def as_chroma(inputs: SongInputs, spec: "Specification") -> SongInputs:
    """Vectors as the chroma of the model's positions; UserError if they have another number of columns."""
    files: list[SongFile] = []
    for file in inputs.samples:
        vectors, wanted = file.song.vectors, BINS + spec.features.timbre
        if vectors.shape[1] != wanted:
            kind = f"the model was trained on audio: give *.wav files, or {wanted} columns of chroma"
            raise UserError(f"{file.path}: song {file.name}: {vectors.shape[1]} features a position, but {kind}")
        files.append(replace(file, song=replace(file.song, vectors=None, chroma=vectors, seconds=spec.seconds)))
    return replace(inputs, samples=files, kind="chroma")


def read_samples(inputs: SongInputs, spec: "Specification") -> Iterator[Sample]:
    """The songs that can be used; stderr has a line for each of the others. Raises UserError for one that was typed."""
    for index, file in enumerate(inputs.samples):
        try:
            yield _sample(index, file, spec)
        except UserError as error:
            if inputs.named:
                raise
            print_error(f"left out: {error}")


def _sample(index: int, file: SongFile, spec: "Specification") -> Sample:
    song = file.song or _read_chroma(file.path, spec)
    features = song_features(song)
    if (width := features.shape[1]) != len(spec.features.names):
        raise UserError(f"{file.path}: {width} features a position, but the model takes {len(spec.features.names)}")
    if not np.isfinite(features).all():
        raise UserError(f"{file.path}: song {file.name}: a feature is not finite; correct it")
    normalised = spec.features.normaliser.normalise(features)
    return Sample(index, file.name, {"features": normalised, "length": np.array(len(features))}, list(song.lines))


def _read_chroma(path: Path, spec: "Specification") -> Song:
    """A recording, or the chroma of one in a file of Billboard; marks that may lie beside it are not read."""
    from tailwise.recipes.sections.readers.audio import read_audio
    from tailwise.recipes.sections.readers.billboard import CHROMA, unlabelled_song

    assert spec.seconds is not None
    if path.name == CHROMA:
        return unlabelled_song(path, spec.seconds)
    chroma = read_audio(path, spec.seconds, spec.features.timbre)
    return Song(path.stem, path.stem, path.name, (), chroma=chroma, seconds=spec.seconds)
