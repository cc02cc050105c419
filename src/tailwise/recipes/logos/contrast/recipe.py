"""The recipe of contrastive pretraining, on the logos' prepared splits: `stages/train.py` trains its one phase."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tailwise.recipes.recipe import Recipe

if TYPE_CHECKING:
    from tailwise.core.heads import Head
    from tailwise.engine.contract.task import Task
    from tailwise.recipes.logos.contrast.task import Config


class Contrast(Recipe):
    """Embeddings in which two views of a logo find each other."""

    name = "logos.contrast"
    sample_name = "logo"

    def config(self) -> type[Config]:
        from tailwise.recipes.logos.contrast.task import Config

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
        from tailwise.recipes.logos.contrast.task import build

        return build(config, heads, train, valid, seed, pretrained)


RECIPE = Contrast()
