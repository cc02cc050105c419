"""From params.yaml and the clip store to the setting of a method's cells."""

from pathlib import Path

from baselines.cells import Cells, Setting
from baselines.methods import Method
from tailwise.balance.boosts import Target
from tailwise.core.config import section, sections
from tailwise.engine.inputs import read_heads
from tailwise.engine.phase import Phase
from tailwise.engine.run import Training
from tailwise.recipes.fouls import task as fouls

DATA = Path("../../data")


def read_setting(params: dict, method: str) -> Setting:
    return Setting(
        method=section(params, f"methods.{method}", Method),
        cells=section(params, "cells", Cells),
        phase=section(params, "phase", Phase),
        target=section(params, "target", Target),
        training=section(params, "training", Training),
        config=sections(params, fouls.Config),
        heads=read_heads(DATA / "index/heads.json"),
        store=DATA / "clips",
    )
