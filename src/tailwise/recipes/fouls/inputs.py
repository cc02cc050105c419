"""What a phase reads: the views' frames, or features of them, computed once by a backbone that it does not train."""

from dataclasses import dataclass
from typing import Literal

from tailwise.engine.contract.passes import Passes
from tailwise.recipes.phases import PhaseSection


@dataclass(frozen=True)
class FoulPhase(PhaseSection):
    """inputs: the folder below data/ that the phase reads: the views' frames, or features of them by the backbone
    before phase 1 (start), or after a phase
    """

    inputs: Literal["clips", "features/start", "features/phase1", "features/phase2"] = "clips"

    @property
    def features(self) -> str:
        """Which backbone's features the phase reads; "" of none."""
        return self.inputs.removeprefix("clips").removeprefix("features/")


@dataclass(frozen=True)
class Features(Passes):
    """Which features are computed: lists, as DVC makes a stage of each item.

    start: of the backbone before phase 1; after: of the backbone after these phases
    """

    start: tuple[Literal["start"], ...] = ()
    after: tuple[Literal["phase1", "phase2"], ...] = ()
