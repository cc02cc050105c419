"""The recipe of the logos pipeline. Each method imports what it needs when it is called."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from tailwise.recipes.recipe import Extra, Recipe

if TYPE_CHECKING:
    import argparse

    from torch import nn

    from tailwise.core.heads import Head
    from tailwise.data.tables.checks.source import Checked
    from tailwise.engine.contract.task import Task
    from tailwise.recipes.logos.inputs import ImageInputs
    from tailwise.recipes.logos.params import Params
    from tailwise.recipes.logos.predict import Specification
    from tailwise.recipes.logos.task import Config
    from tailwise.recipes.prediction import Inputs, Sample
    from tailwise.reporting.page import Page


class Logos(Recipe):
    """The kind of a logo: simple, text, gradient or complex; or anyone's own classes of images."""

    name = "logos"
    sample_name = "image"

    def params(self) -> type[Params]:
        from tailwise.recipes.logos.params import Params

        return Params

    def check_inputs(self, params: Params) -> None:
        from tailwise.recipes.logos.params import check_inputs

        check_inputs(params)

    def make_demo(self, params: dict, folder: Path) -> None:
        from tailwise.core.params.config import section
        from tailwise.recipes.logos.demo import Demo, make_demo

        make_demo(section(params, "demo", Demo), folder)

    def index(self, params: dict) -> Checked:
        from tailwise.core.params.config import section
        from tailwise.core.params.runtime import Runtime
        from tailwise.core.system.cores import decode_workers
        from tailwise.recipes.logos.index import index
        from tailwise.recipes.logos.source import Source

        workers = decode_workers(section(params, "runtime", Runtime).decoders)
        return index(section(params, "data", Source), workers)

    def prepare(self, params: dict, folder: Path) -> Iterator[str]:
        from tailwise.core.params.config import section
        from tailwise.core.params.runtime import Runtime
        from tailwise.core.system.cores import decode_workers
        from tailwise.recipes.logos.prepare import Prepare, prepare
        from tailwise.recipes.logos.source import Source

        how, source = section(params, "prepare", Prepare), section(params, "data", Source)
        return prepare(how, source, folder, workers=decode_workers(section(params, "runtime", Runtime).decoders))

    def config(self) -> type[Config]:
        from tailwise.recipes.logos.task import Config

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
        from tailwise.recipes.logos.task import build

        return build(config, heads, train, valid, seed, pretrained)

    def last_layers(self, model: nn.Module, head: str) -> Sequence[nn.Module]:
        """Of an ensemble, those of its members."""
        from tailwise.models.image.classifier import last_layers

        return last_layers(model, head)

    def as_stored(self, config: Config, spec: dict) -> Config:
        from tailwise.recipes.logos.task import as_stored

        return as_stored(config, spec)

    def extra(self, params: dict, index: Path, predictions: dict, counts: dict[str, dict[str, int]]) -> Extra:
        """Rules and model together: accuracy of each and of the hybrid."""
        from tailwise.recipes.logos.hybrid import extra

        return extra(params, index, predictions)

    def show(self, split: Path, heads: tuple[Head, ...], samples: Sequence[str]) -> list[dict[str, Any]]:
        """{"sample", "picture"} of each image."""
        from tailwise.recipes.logos.report.pictures import show

        return show(split, heads, samples)

    def thumbnails(self, split: Path, heads: tuple[Head, ...], samples: Sequence[str]) -> list[str]:
        from tailwise.recipes.logos.report.pictures import thumbnails

        return thumbnails(split, heads, samples)

    def explain(self, task: Task, sample: str, head: str, device: Any) -> dict[str, Any]:
        """The image, the model's attention over it, and how uncertain the model is."""
        from tailwise.recipes.logos.explain import explain
        from tailwise.recipes.logos.report.pictures import picture_of

        return {"picture": picture_of(task.valid, sample), **explain(task, sample, head, device)}

    def page(self) -> Page:
        from tailwise.recipes.logos.report.page import LogosPage

        return LogosPage()

    def find_inputs(self, args: argparse.Namespace) -> Inputs:
        from tailwise.recipes.logos.inputs import find_inputs

        return find_inputs(args)

    def from_specification(self, spec: dict) -> tuple[nn.Module, Specification]:
        from tailwise.recipes.logos.predict import from_specification

        return from_specification(spec)

    def read_samples(self, inputs: Inputs, spec: Specification, workers: int) -> Iterator[Sample]:
        from tailwise.recipes.logos.predict import read_samples

        return read_samples(cast("ImageInputs", inputs), spec)


RECIPE = Logos()
