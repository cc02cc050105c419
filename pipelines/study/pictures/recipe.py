"""Small pictures: what the shared stages ask. Each method imports what it needs when it is called."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tailwise.recipes.recipe import Recipe

if TYPE_CHECKING:
    from pictures.task import Config, Params
    from tailwise.core.heads import Head
    from tailwise.engine.contract.task import Task


class SmallPictures(Recipe):
    """One label of a small grey picture."""

    name = "pictures"
    sample_name = "picture"

    def params(self) -> type[Params]:
        from pictures.task import Params

        return Params

    def config(self) -> type[Config]:
        from pictures.task import Config

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
        from pictures.task import build

        return build(config, heads, train, valid, seed)


RECIPE = SmallPictures()
