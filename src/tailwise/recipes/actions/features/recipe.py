"""The recipe of the frozen streams' features: `stages/prepare.py` computes them from the index and the raw clips."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tailwise.core.errors import UserError
from tailwise.recipes.recipe import Recipe

if TYPE_CHECKING:
    from tailwise.core.heads import Head
    from tailwise.engine.contract.task import Task


class ActionFeatures(Recipe):
    """Tokens of both streams, as samples for training what comes after them."""

    name = "actions.features"
    sample_name = "clip"

    def config(self) -> type:
        from tailwise.recipes.actions.features.prepare import Config

        return Config

    def build(
        self, config: Any, heads: tuple[Head, ...], train: Path | None, valid: Path, seed: int, pretrained: bool = False
    ) -> Task:
        raise UserError("features train nothing: see the actions recipe")

    def prepare(self, params: dict, folder: Path) -> Iterator[str]:
        from tailwise.recipes.actions.features.prepare import prepare

        return prepare(params, folder)


RECIPE = ActionFeatures()
