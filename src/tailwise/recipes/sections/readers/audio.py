"""Recordings (wav, flac, mp3) to chroma and timbre in windows, by the optional package librosa."""

import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np

from tailwise.core.errors import UserError
from tailwise.data.tables.partition import Split
from tailwise.recipes.sections.readers.annotations import annotated, read_intervals
from tailwise.recipes.sections.readers.merge import check_merge, heads, merged
from tailwise.recipes.sections.readers.song import Song
from tailwise.recipes.sections.readers.windows import window_labels, window_means

SUFFIXES = (".wav", ".flac", ".mp3")
RATE = 22_050
HOP = 2048
"""Samples a second, and from one frame to the next."""
BASS, TREBLE = ("A1", 3), ("A3", 4)
"""Lowest note and octaves of the two chromas, whose first bin is A."""


@dataclass(frozen=True)
class Audio:
    """Recordings below the data root, each with its sections in ``<name>.lab`` beside it.

    window: seconds; timbre: mel cepstral coefficients besides the chroma, 0 for none
    classes: {class: labels merged into it}, empty: each label is a class; unlabelled: labels that count as none
    split: how to draw splits
    """

    kind: Literal["audio"]
    window: float = 0.5
    timbre: int = 0
    classes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    unlabelled: tuple[str, ...] = ()
    split: Split | None = None

    def __post_init__(self):
        if not 0.1 <= self.window <= 60 or not 0 <= self.timbre <= 40:
            raise ValueError("window must be within [0.1, 60] seconds, timbre within [0, 40]")
        check_merge(self.classes, self.unlabelled)

    @property
    def heads(self) -> dict[str, tuple[str, ...]]:
        return heads(self.classes)

    def songs(self, root: Path) -> Iterator[Song]:
        """Every recording; UserError for one that cannot be read, or where librosa is not installed."""
        files = {file.relative_to(root).with_suffix("").as_posix(): file for file in recordings(root)}
        if not files:
            raise UserError(f"{root}: has no recording ({', '.join(SUFFIXES)}): see data.root")
        for name in sorted(files):
            yield self._song(name, files[name], files[name].relative_to(root).as_posix())

    def read_file(self, file: Path) -> Song:
        return self._song(file.stem, file, file.name)

    def _song(self, name: str, file: Path, path: str) -> Song:
        chroma, labels = read_audio(file, self.window, self.timbre), ()
        if (marks := annotated(file)) is not None:
            found = window_labels(read_intervals(marks), len(chroma), self.window)
            labels = merged(found, self.classes, self.unlabelled, str(marks))
        return Song(name, name, path, labels, chroma=chroma, seconds=self.window)


def recordings(root: Path) -> list[Path]:
    return sorted(file for file in root.rglob("*") if file.suffix.lower() in SUFFIXES and file.is_file())


def read_audio(file: Path, window_s: float, timbre: int = 0) -> np.ndarray:
    """(T, 24 + timbre) float32: chroma of the bass and of the treble from A on, then cepstral coefficients.

    Raises UserError if librosa is not installed, or the file cannot be decoded.
    """
    librosa = load_librosa(file)
    try:
        with warnings.catch_warnings(action="ignore"):  # of each decoder that it tries
            samples, _ = librosa.load(file, sr=RATE, mono=True)
    except Exception as error:  # its decoders share no base class
        said = " ".join(str(error).split()) or type(error).__name__
        raise UserError(f"{file}: cannot be decoded: {said}: convert it to wav or flac") from error
    if not len(samples):
        raise UserError(f"{file}: has no sound: remove it")
    parts = [_chroma(librosa, samples, *octaves) for octaves in (BASS, TREBLE)]
    if timbre:
        parts.append(librosa.feature.mfcc(y=samples, sr=RATE, n_mfcc=timbre, hop_length=HOP))
    frames = min(part.shape[1] for part in parts)
    values = np.concatenate([part[:, :frames] for part in parts]).T
    count = max(1, int(len(samples) / RATE / window_s))
    return window_means(np.arange(frames) * HOP / RATE, values, count, window_s)


def _chroma(librosa, samples: np.ndarray, lowest: str, octaves: int) -> np.ndarray:
    """(12, F) strengths of the semitones from A on."""
    return librosa.feature.chroma_cqt(
        y=samples, sr=RATE, hop_length=HOP, fmin=librosa.note_to_hz(lowest), n_octaves=octaves, norm=None
    )[[*range(9, 12), *range(9)]]


def load_librosa(file: Path):
    """The package; UserError in one line where it is absent."""
    try:
        import librosa  # pyright: ignore[reportMissingImports]
    except ImportError as error:
        how = "pip install -r requirements-audio.txt, or give chroma as a table"
        raise UserError(f"{file}: reading recordings needs the package librosa: {how}") from error
    return librosa
