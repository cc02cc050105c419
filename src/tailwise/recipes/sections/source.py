"""The `data` section of params.yaml: where the songs are, and who reads them."""

from dataclasses import dataclass
from typing import Literal

from tailwise.data.tables.checks.root import name_fault
from tailwise.data.tables.partition import Split
from tailwise.recipes.sections.readers.audio import Audio
from tailwise.recipes.sections.readers.billboard import Billboard
from tailwise.recipes.sections.readers.jams import Jams
from tailwise.recipes.sections.readers.lyrics import Lyrics
from tailwise.recipes.sections.readers.table import Vectors


@dataclass(frozen=True)
class Source:
    """root: folder of the songs
    leaks: what to do about a song or a group in two splits
    reader: of the songs and their labels
    """

    root: str
    leaks: Literal["refuse", "warn"]
    reader: Lyrics | Billboard | Jams | Audio | Vectors

    def __post_init__(self):
        if fault := name_fault(self.root):
            raise ValueError(f"root {fault}")

    @property
    def split(self) -> Split | None:
        """How splits are drawn; None where the songs have their own."""
        return self.reader.split
