"""The recipe of the actions pipeline. Each method imports what it needs when it is called."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from tailwise.recipes.recipe import Extra, Recipe

if TYPE_CHECKING:
    import argparse

    from torch import nn

    from tailwise.core.batch import Batch
    from tailwise.core.heads import Head
    from tailwise.data.tables.checks.source import Checked
    from tailwise.engine.contract.task import Task
    from tailwise.models.action.model import ActionModel
    from tailwise.recipes.actions.params import Params
    from tailwise.recipes.actions.predict.inputs import ClipInputs
    from tailwise.recipes.actions.predict.specification import Specification
    from tailwise.recipes.actions.task import Config
    from tailwise.recipes.prediction import Inputs, Prediction, Sample
    from tailwise.reporting.page import Page


class Actions(Recipe):
    """What somebody does in a short clip, told by two frozen streams that attend to each other."""

    name = "actions"
    sample_name = "clip"

    def params(self) -> type[Params]:
        from tailwise.recipes.actions.params import Params

        return Params

    def check_inputs(self, params: Params) -> None:
        from tailwise.recipes.actions.params import check_inputs

        check_inputs(params)

    def make_demo(self, params: dict, folder: Path) -> None:
        from tailwise.core.params.config import section
        from tailwise.core.params.runtime import Runtime
        from tailwise.core.system.cores import decode_workers
        from tailwise.recipes.actions.demo import Demo, make_demo

        make_demo(section(params, "demo", Demo), folder, decode_workers(section(params, "runtime", Runtime).decoders))

    def index(self, params: dict) -> Checked:
        from tailwise.core.params.config import section
        from tailwise.data.tables.checks.source import read_source
        from tailwise.recipes.actions.source import Source

        return read_source(section(params, "data", Source))

    def prepare(self, params: dict, folder: Path) -> Iterator[str]:
        """The decoded clips that the motion stream is trained on."""
        from tailwise.recipes.actions.clips.prepare import decode

        return decode(params, folder)

    def config(self) -> type[Config]:
        from tailwise.recipes.actions.task import Config

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
        from tailwise.recipes.actions.task import build

        return build(config, heads, train, valid, seed, pretrained)

    def last_layers(self, model: nn.Module, head: str) -> Sequence[nn.Module]:
        """What is given the fused vector of a clip."""
        return [cast("ActionModel", model).embedding]

    def as_stored(self, config: Config, spec: dict) -> Config:
        from tailwise.recipes.actions.task import as_stored

        return as_stored(config, spec)

    def extra(self, params: dict, index: Path, predictions: dict, counts: dict[str, dict[str, int]]) -> Extra:
        """Accuracy over groups of classes, and the pairs that are mixed up most."""
        from tailwise.recipes.actions.clips.groups import extra
        from tailwise.recipes.actions.readers.ssv2 import HEAD

        return extra(predictions[HEAD])

    def show(self, split: Path, heads: tuple[Head, ...], samples: Sequence[str]) -> list[dict[str, Any]]:
        """{"sample", "strip"} of each: the film strip of its frames."""
        from tailwise.recipes.actions.report.strips import strips

        return strips(split, samples)

    def thumbnails(self, split: Path, heads: tuple[Head, ...], samples: Sequence[str]) -> list[str]:
        """The middle frame of each clip."""
        from tailwise.recipes.actions.report.strips import thumbnails

        return thumbnails(split, samples)

    def explain(self, task: Task, sample: str, head: str, device: Any) -> dict[str, Any]:
        """{"strip", "frames", "attention": {asking stream: rows of a map}, "importance": of each frame}."""
        from tailwise.recipes.actions.report.explain import explain

        return explain(task, sample, head, device)

    def page(self) -> Page:
        from tailwise.recipes.actions.report.page import ActionsPage

        return ActionsPage()

    def formats(self) -> Mapping[str, Callable[[list[Prediction], Inputs], str]]:
        from tailwise.recipes.actions.predict.official import as_submission

        return {"submission": as_submission}

    def find_inputs(self, args: argparse.Namespace) -> Inputs:
        from tailwise.recipes.actions.predict.inputs import find_inputs

        return find_inputs(args)

    def from_specification(self, spec: dict) -> tuple[nn.Module, Specification]:
        from tailwise.recipes.actions.predict.specification import from_specification

        return from_specification(spec)

    def read_samples(self, inputs: Inputs, spec: Specification, workers: int) -> Iterator[Sample]:
        from tailwise.recipes.actions.predict.inputs import read_samples

        return read_samples(cast("ClipInputs", inputs), spec, workers)

    def read_split(self, heads: tuple[Head, ...], split: Path, size: int) -> Iterator[Batch]:
        """The clips that a split of features is of."""
        from tailwise.recipes.actions.predict.split import read_split

        return read_split(heads, split, size)


RECIPE = Actions()
