"""Every section of the tagger's params.yaml."""

from dataclasses import dataclass

from tagger.model import Model
from tagger.songs import Songs

from tailwise.balance.guard import Balance
from tailwise.core.params.runtime import Runtime
from tailwise.engine.contract.run import Stability, Training
from tailwise.evaluation.certificate import Targets
from tailwise.recipes.phases import PhaseSection


@dataclass(frozen=True)
class Params:
    songs: Songs
    phase1: PhaseSection
    phase2: PhaseSection
    balance: Balance
    model: Model
    training: Training
    stability: Stability
    certificate: Targets
    runtime: Runtime
