"""A contrastive pipeline: no heads, no labels, a phase without a boost."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tailwise.core.params.config import section
from tailwise.recipes.recipe import Recipe

if TYPE_CHECKING:
    from contrast.task import Config, Params

    from tailwise.data.tables.checks.source import Checked
    from tailwise.engine.contract.task import Task


class Contrast(Recipe):
    """Embeddings in which two views of a sample find each other."""

    name = "contrast"

    def params(self) -> type[Params]:
        from contrast.task import Params

        return Params

    def make_demo(self, params: dict, folder: Path) -> None:
        from contrast.vectors import Demo, make_demo

        make_demo(section(params, "demo", Demo), folder)

    def index(self, params: dict) -> Checked:
        from contrast.vectors import read_vectors

        return read_vectors(Path("data/raw"))

    def config(self) -> type[Config]:
        from contrast.task import Config

        return Config

    def build(self, config, heads, train, valid, seed, pretrained=False) -> Task:
        from contrast.task import build

        return build(config, train, valid, seed)


RECIPE = Contrast()
