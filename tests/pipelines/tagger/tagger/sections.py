"""Every section of the tagger's params.yaml."""

from dataclasses import dataclass

from tagger.model import Model
from tagger.songs import Songs

from tailwise.balance.subset import Rebalance
from tailwise.core.params.runtime import Runtime
from tailwise.engine.contract.phase import Phase
from tailwise.engine.contract.run import Stability, Training


@dataclass(frozen=True)
class PhaseSection(Rebalance):
    train: Phase


@dataclass(frozen=True)
class Params:
    songs: Songs
    phase1: PhaseSection
    model: Model
    training: Training
    stability: Stability
    runtime: Runtime


def check_inputs(params: Params) -> None:
    """The songs are made by the pipeline."""
