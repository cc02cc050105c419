"""A song with its section labels, as every reader returns it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from tailwise.balance.labels import SEPARATOR as SEPARATOR

if TYPE_CHECKING:
    import numpy as np

    from tailwise.data.tables.partition import Split

HEAD = "section"


@dataclass(frozen=True, eq=False)
class Song:
    """A position is a line of lyrics, or a window of audio. T positions.

    name: unique; group: songs of one group are never in two splits; path: of its file, relative to the data root
    labels: (T,) class names, "" where a position has none; () for a song to predict
    lines: (T,) texts, of lyrics
    chroma: (T, 24) float32, bass and treble, of audio; further columns are timbre
    vectors: (T, D) float32, features that the user computed
    seconds: length of a position; None for lines
    split: train, valid or test where the data say so, else ""

    Exactly one of lines, chroma and vectors is given.
    """

    name: str
    group: str
    path: str
    labels: tuple[str, ...]
    lines: tuple[str, ...] = ()
    chroma: "np.ndarray | None" = None
    vectors: "np.ndarray | None" = None
    seconds: float | None = None
    split: str = ""

    def __len__(self) -> int:
        """Number of positions."""
        return len(next(content for content in (self.vectors, self.chroma, self.lines) if content is not None))


class Reader(Protocol):
    """Reads the songs below a data root."""

    @property
    def heads(self) -> dict[str, tuple[str, ...]]:
        """{HEAD: classes in the order of class ids}; {} where these are all that occur, in alphabetical order."""
        ...

    @property
    def split(self) -> "Split | None":
        """How to draw splits; None where the songs have their own."""
        ...

    def songs(self, root: Path) -> Iterator[Song]:
        """Every song, in the order of their names; raises UserError that names the file."""
        ...

    def read_file(self, file: Path) -> Song:
        """A song to predict, whose marks, if it has any, are its labels."""
        ...
