"""The `data` section of params.yaml: where the raw data is, and who reads it."""

from dataclasses import dataclass
from typing import Literal

from tailwise.data.tables.checks.root import name_fault
from tailwise.data.tables.pseudo import PseudoLabels
from tailwise.data.tables.table import Table
from tailwise.recipes.fouls.soccernet.reader import HEADS, Soccernet


@dataclass(frozen=True)
class Source:
    """root: folder of raw clips and annotations
    leaks: what to do about content or a group in two splits, and a clip under two labels
    reader: of the annotations
    pseudo: samples with labels by a model, which are trained with, too; None: none
    """

    root: str
    leaks: Literal["refuse", "warn"]
    reader: Soccernet | Table
    pseudo: PseudoLabels | None = None

    def __post_init__(self):
        if fault := name_fault(self.root):
            raise ValueError(f"root {fault}")

    @property
    def head_names(self) -> tuple[str, ...]:
        return self.reader.heads if isinstance(self.reader, Table) else tuple(HEADS)
