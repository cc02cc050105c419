"""The `data` section of params.yaml: where the clips are, and who reads their labels."""

from dataclasses import dataclass
from typing import Literal

from tailwise.data.tables.checks.root import name_fault
from tailwise.recipes.actions.readers.ssv2 import HEAD, Ssv2
from tailwise.recipes.actions.readers.table import ClipTable

__all__ = ["HEAD", "Source"]


@dataclass(frozen=True)
class Source:
    """root: folder of raw clips and labels
    leaks: what to do about content or a group in two splits
    reader: of the labels
    """

    root: str
    leaks: Literal["refuse", "warn"]
    reader: Ssv2 | ClipTable

    def __post_init__(self):
        if fault := name_fault(self.root):
            raise ValueError(f"root {fault}")
