"""What features are of, by their names."""

from collections.abc import Sequence
from typing import Literal

from tailwise.recipes.sections.features.chroma import CHROMA_FEATURES
from tailwise.recipes.sections.features.text import TEXT_FEATURES

Kind = Literal["text", "chroma", "vectors"]
"""What the features are computed from: lines of lyrics, chroma of audio, or the user's own vectors."""

PITCHES = 12


def kind_of(names: Sequence[str]) -> Kind:
    """The kind of songs that features with these names are computed from."""
    if tuple(names) == TEXT_FEATURES:
        return "text"
    return "chroma" if tuple(names[: len(CHROMA_FEATURES)]) == CHROMA_FEATURES else "vectors"  # timbre may follow


def position_name(names: Sequence[str], seconds: float | None) -> str:
    """The word for one position of a song: of audio, of lyrics, of other vectors. seconds: its length, if it has one"""
    if seconds is not None:
        return "window"
    return "line" if kind_of(names) == "text" else "position"


def chroma_columns(names: Sequence[str]) -> list[slice]:
    """The columns of treble and bass chroma, twelve pitch classes each; none of features that are not of audio."""
    first = (0, PITCHES) if kind_of(names) == "chroma" else ()
    return [slice(start, start + PITCHES) for start in first]
