"""What a pipeline predicts: heads and their classes. Does not import torch, for fast start-up."""

from dataclasses import dataclass

IGNORE = -100
"""Class id of a missing label, or of padding in a sequence; ignored everywhere."""


@dataclass(frozen=True)
class Head:
    """One label to predict: its name and its class names in index order."""

    name: str
    classes: tuple[str, ...]

    def __post_init__(self):
        if len(set(self.classes)) != len(self.classes) or len(self.classes) < 2:
            raise ValueError(f"head {self.name} needs two or more different classes: {self.classes}")

    def id(self, label: str) -> int:
        """Class id of a class name; IGNORE for the empty name. Raises ValueError if unknown."""
        return self.classes.index(label) if label else IGNORE
