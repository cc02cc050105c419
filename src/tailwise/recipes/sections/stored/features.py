"""The features of a position that a sections model was trained on. Loads no torch."""

import re
from dataclasses import asdict, dataclass

from tailwise.data.sequences.store import Features, features_of
from tailwise.recipes.sections.features.kinds import Kind


@dataclass(frozen=True)
class FeaturesSpecification:
    """kind: see Kind; names: D; mean, std: D numbers, of the training positions"""

    kind: Kind
    names: tuple[str, ...]
    mean: tuple[float, ...]
    std: tuple[float, ...]

    def __post_init__(self):
        features_of(asdict(self))

    @property
    def timbre(self) -> int:
        """Columns besides the chroma of the audio that the features are computed from."""
        return sum(bool(re.fullmatch(r"timbre_[0-9]+", name)) for name in self.names)

    @property
    def normaliser(self) -> Features:
        """What the stored features of training were normalised by."""
        return features_of(asdict(self))
