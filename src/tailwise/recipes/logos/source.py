"""The `data` section of params.yaml: where the logos are, and who reads them."""

from dataclasses import dataclass
from typing import Literal

from tailwise.data.tables.checks.root import name_fault
from tailwise.recipes.logos.readers.iconify import Iconify
from tailwise.recipes.logos.readers.images import ImageFiles


@dataclass(frozen=True)
class Source:
    """root: folder of the logos
    leaks: what to do about a picture, or one that looks the same, or a group in two splits
    reader: of the logos and their classes
    """

    root: str
    leaks: Literal["refuse", "warn"]
    reader: ImageFiles | Iconify

    def __post_init__(self):
        if fault := name_fault(self.root):
            raise ValueError(f"root {fault}")
