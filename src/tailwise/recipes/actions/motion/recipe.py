"""The recipe of the motion stream, on decoded clips: `stages/train.py` trains its one phase."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tailwise.recipes.recipe import Recipe

if TYPE_CHECKING:
    from tailwise.core.heads import Head
    from tailwise.engine.contract.task import Task
    from tailwise.recipes.actions.motion.task import Config


class Motion(Recipe):
    """A small net that learns the actions from motion, for its embedding a time step."""

    name = "actions.motion"
    sample_name = "clip"

    def config(self) -> type[Config]:
        from tailwise.recipes.actions.motion.task import Config

        return Config

    def build(
        self,
        config: Config,
        heads: tuple[Head, ...],
        train: Path | None,
        valid: Path,
        seed: int,
        pretrained: bool = False,
    ) -> Task:
        from tailwise.recipes.actions.motion.task import build

        return build(config, heads, train, valid, seed, pretrained)


RECIPE = Motion()
