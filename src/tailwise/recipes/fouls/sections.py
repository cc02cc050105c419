"""Every section of the fouls pipeline's params.yaml, as one dataclass."""

from dataclasses import dataclass

from tailwise.balance.boosts import Target
from tailwise.balance.subset import Rebalance
from tailwise.core.runtime import Runtime
from tailwise.data.decode.store import Decode
from tailwise.data.decode.window import Window
from tailwise.data.demo import Demo
from tailwise.data.index.source import Source
from tailwise.data.load.augment import Augment
from tailwise.engine.phase import Phase
from tailwise.engine.run import Training
from tailwise.models.multiview import Model


@dataclass(frozen=True)
class PhaseSection(Rebalance):
    """A phase: how the classes are rebalanced, and how it is trained."""

    train: Phase


@dataclass(frozen=True)
class Params:
    data: Source
    demo: Demo
    window: Window
    decode: Decode
    phase1: PhaseSection
    phase2: PhaseSection
    phase3: PhaseSection
    target: Target
    model: Model
    augment: Augment
    training: Training
    runtime: Runtime

    def __post_init__(self):
        if self.augment.delay > self.window.margin:
            raise ValueError(f"augment.delay {self.augment.delay} needs window.margin {self.augment.delay} or more")
