"""params.yaml of the comparison, and the clip store of the fouls pipeline, as the setting of a method's cells."""

from dataclasses import dataclass
from pathlib import Path

from baselines.cells import Cells, Setting
from baselines.methods import Method
from tailwise.balance.boosts import Target
from tailwise.core.params.config import section, sections
from tailwise.engine.contract.phase import Phase
from tailwise.engine.contract.run import Training
from tailwise.engine.evaluate.inputs import read_heads
from tailwise.optim.adamw import AdamW
from tailwise.optim.cosine import Cosine
from tailwise.recipes.fouls import task as fouls

DATA = Path("../../data")


@dataclass(frozen=True)
class Recipe:
    """What all phases of all methods share: a Phase without epochs and lr."""

    optimizer: AdamW
    schedule: Cosine
    clip: float
    augment: float

    def phase(self) -> Phase:
        """With epochs and lr for the cells to replace."""
        return Phase(1, 1.0, self.optimizer, self.schedule, self.clip, self.augment, ("*",), ())


def read_setting(params: dict, method: str) -> Setting:
    return Setting(
        method=section(params, f"methods.{method}", Method),
        cells=section(params, "cells", Cells),
        phase=section(params, "phase", Recipe).phase(),
        target=section(params, "target", Target),
        training=section(params, "training", Training),
        config=sections(params, fouls.Config),
        heads=read_heads(DATA / "index/heads.json"),
        store=DATA / "clips",
    )
