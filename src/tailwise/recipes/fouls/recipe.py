"""The recipe of the fouls pipeline. Each method imports what it needs when it is called."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from tailwise.core.files import read_csv
from tailwise.recipes.recipe import Extra, Recipe

if TYPE_CHECKING:
    import argparse

    from torch import Tensor, nn

    from tailwise.core.heads import Head
    from tailwise.data.tables.checks.source import Checked
    from tailwise.engine.contract.task import Task
    from tailwise.models.video.multiview import MultiView
    from tailwise.recipes.fouls.params import Params
    from tailwise.recipes.fouls.predict.inputs import FoulInputs
    from tailwise.recipes.fouls.predict.model import Trained
    from tailwise.recipes.fouls.task import Config
    from tailwise.recipes.prediction import Inputs, Prediction, Sample
    from tailwise.reporting.page import Page

OWN, FRESH, PRETRAINED = 8e-3, 1e-3, 1e-4
"""Peak learning rates of the first phase: of a small network from scratch, as in the demo; of a video network from
scratch, Adam's default (https://arxiv.org/abs/1412.6980); of a pretrained one, as in presets/mvit.yaml."""


class Fouls(Recipe):
    """Actions and severities of fouls that several cameras saw."""

    name = "fouls"
    sample_name = "foul"
    score_units = {"balanced_accuracy": "%"}

    def params(self) -> type[Params]:
        from tailwise.recipes.fouls.params import Params

        return Params

    def check_inputs(self, params: Params) -> None:
        from tailwise.recipes.fouls.params import check_inputs

        check_inputs(params)

    def make_demo(self, params: dict, folder: Path) -> None:
        from tailwise.core.params.config import section
        from tailwise.core.params.runtime import Runtime
        from tailwise.core.system.cores import decode_workers
        from tailwise.recipes.fouls.demo import Demo, make_demo

        make_demo(section(params, "demo", Demo), folder, decode_workers(section(params, "runtime", Runtime).decoders))

    def index(self, params: dict) -> Checked:
        from tailwise.core.params.config import section
        from tailwise.data.tables.checks.source import read_source
        from tailwise.recipes.fouls.source import Source

        return read_source(section(params, "data", Source))

    def forecast(self, params: dict, index: Checked) -> Iterator[str]:
        from tailwise.recipes.fouls.forecast import forecast

        return forecast(params, index)

    def config(self) -> type[Config]:
        from tailwise.recipes.fouls.task import Config

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
        from tailwise.recipes.fouls.task import build

        return build(config, heads, train, valid, seed, pretrained)

    def as_stored(self, config: Config, spec: dict) -> Config:
        from tailwise.recipes.fouls.task import as_stored

        return as_stored(config, spec)

    def embedder(self, model: nn.Module) -> nn.Module:
        from tailwise.models.video.multiview import Embedder

        return Embedder(cast("MultiView", model).backbone)

    def for_features(self, config: Config) -> Config:
        from tailwise.recipes.fouls.data import without_dropped_views

        return replace(config, augment=without_dropped_views(config.augment))

    def first_lr(self, params: dict) -> float:
        from tailwise.core.params.config import section

        weights = section(params, "model.backbone", dict).get("weights")
        if not isinstance(weights, dict):
            return OWN
        return FRESH if weights.get("kind") == "none" else PRETRAINED

    def extra(self, params: dict, index: Path, predictions: dict, counts: dict[str, dict[str, int]]) -> Extra:
        """SoccerNet's prediction file, and for SoccerNet data its evaluator's score."""
        from tailwise.core.params.config import section
        from tailwise.recipes.fouls.soccernet.evaluator import READER, official, official_lines, summary_lines
        from tailwise.recipes.fouls.soccernet.submission import submission

        if section(params, "data.reader.kind", str) != READER:
            return Extra(files={"predictions": submission(index.stem, predictions)})
        file, found = official(index.stem, predictions, read_csv(index), counts)
        lines, summary = official_lines(found), list(summary_lines(found))
        return Extra({"official": found}, lines, summary, {"predictions": file})

    def show(self, split: Path, heads: tuple[Head, ...], samples: Sequence[str]) -> list[dict[str, Any]]:
        """{"sample", "strip"} of each: the film strip of its first view."""
        from tailwise.data.video.store.clips import Clips
        from tailwise.data.video.strips import strip

        clips = Clips(split, heads)
        indices = {name: i for i, name in enumerate(clips.names)}
        return [{"sample": name, "strip": strip(clips[indices[name]][1][0])} for name in samples]

    def explain(self, task: Task, sample: str, head: str, device: Any) -> dict[str, Any]:
        """{"views": [{"attention", "frames", "strip"}]}: the weight that the head gave a view, and its film strip."""
        from tailwise.recipes.fouls.explain import views

        return {"views": views(task, sample, head, device)}

    def page(self) -> Page:
        from tailwise.recipes.fouls.report.page import FoulsPage

        return FoulsPage()

    def formats(self) -> Mapping[str, Callable[[list[Prediction], Inputs], str]]:
        from tailwise.recipes.fouls.predict.official import as_official

        return {"official": as_official}

    def find_inputs(self, args: argparse.Namespace) -> Inputs:
        from tailwise.recipes.fouls.predict.inputs import find_inputs

        return find_inputs(args)

    def from_specification(self, spec: dict) -> tuple[nn.Module, Trained]:
        from tailwise.recipes.fouls.predict.model import trained_on
        from tailwise.recipes.fouls.task import from_specification

        model, read = from_specification(spec)
        return model, trained_on(read.heads, asdict(read.window), read.seen.views, read.model.metadata)

    def fit_inputs(self, inputs: Inputs, spec: Trained, form: str | None) -> Inputs:
        from tailwise.recipes.fouls.predict.model import fit_inputs

        return fit_inputs(cast("FoulInputs", inputs), spec, form)

    def read_samples(self, inputs: Inputs, spec: Trained, workers: int) -> Iterator[Sample]:
        from tailwise.recipes.fouls.predict.samples import read_samples

        return read_samples(cast("FoulInputs", inputs), spec, workers)

    def forward(self, model: nn.Module, inputs: dict[str, Tensor]) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        return cast("MultiView", model).look(**inputs)


RECIPE = Fouls()
