"""How often training samples are embedded, and with which augmentation."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Passes:
    """passes: augmented ones over the training samples, besides the plain one
    augment: strength of the pipeline's augmentation in them, above 0 and at most 1
    """

    passes: int = 4
    augment: float = 1.0

    def __post_init__(self):
        if self.passes < 0:
            raise ValueError(f"passes must not be negative, found {self.passes}")
        if not 0 < self.augment <= 1:
            raise ValueError(f"augment must be above 0 and at most 1, found {self.augment:g}; passes 0 is without")
