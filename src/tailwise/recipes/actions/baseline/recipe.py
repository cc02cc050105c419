"""The recipe of a baseline that is trained end to end, on decoded clips: `stages/train.py` trains its one phase."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tailwise.recipes.recipe import Recipe

if TYPE_CHECKING:
    from tailwise.core.heads import Head
    from tailwise.engine.contract.task import Task
    from tailwise.recipes.actions.baseline.task import Config


class Baseline(Recipe):
    """A published video transformer, to compare the two frozen streams with."""

    name = "actions.baseline"
    sample_name = "clip"

    def config(self) -> type[Config]:
        from tailwise.recipes.actions.baseline.task import Config

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
        from tailwise.recipes.actions.baseline.task import build

        return build(config, heads, train, valid, seed, pretrained)


RECIPE = Baseline()
