"""The template pipeline's recipe, called by the shared stages. Each method imports what it needs when called."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tailwise.core.params.config import section
from tailwise.recipes.recipe import Recipe

if TYPE_CHECKING:
    from template.task import Config, Params, Specification
    from torch import nn

    from tailwise.core.heads import Head
    from tailwise.data.tables.checks.source import Checked
    from tailwise.engine.contract.task import Task
    from tailwise.reporting.page import Page


SECTIONS = ("result", "training", "explanations", "data", "certificate", "run")


class Template(Recipe):
    """Single-label image classification."""

    name = "template"
    sample_name = "image"

    def params(self) -> type[Params]:
        from template.task import Params

        return Params

    def check_inputs(self, params: Params) -> None:
        from tailwise.recipes.exports import check_packages

        check_packages(params.export)

    def make_demo(self, params: dict, folder: Path) -> None:
        from template.images import Demo, make_demo

        make_demo(section(params, "demo", Demo), folder)

    def index(self, params: dict) -> Checked:
        from template.images import Source

        from tailwise.data.tables.checks.source import read_source

        return read_source(section(params, "data", Source))

    def config(self) -> type[Config]:
        from template.task import Config

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
        from template.task import build

        return build(config, heads, train, valid, seed)

    def from_specification(self, spec: dict) -> tuple[nn.Module, Specification]:
        from template.task import stored_model

        return stored_model(spec)

    def last_layers(self, model: nn.Module, head: str) -> Sequence[nn.Module]:
        return [model.get_submodule(f"heads.{head}")]

    def page(self) -> Page:
        from tailwise.reporting.page import Page

        return Page(sections=SECTIONS, item_name="image")


RECIPE = Template()
