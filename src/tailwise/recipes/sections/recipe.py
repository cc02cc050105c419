"""The recipe of the sections pipeline. Each method imports what it needs when it is called."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from tailwise.recipes.recipe import Extra, Recipe

if TYPE_CHECKING:
    import argparse

    from torch import nn

    from tailwise.balance.labels import Labels
    from tailwise.core.batch import Batch, Decode, Outputs
    from tailwise.core.heads import Head
    from tailwise.data.tables.checks.source import Checked
    from tailwise.engine.contract.task import Task
    from tailwise.recipes.prediction import Inputs, Prediction, Sample
    from tailwise.recipes.sections.inputs import SongInputs
    from tailwise.recipes.sections.params import Params
    from tailwise.recipes.sections.predict import Specification
    from tailwise.recipes.sections.task import Config
    from tailwise.reporting.page import Page


class Sections(Recipe):
    """A label for each line of lyrics, or for each window of audio: verse, chorus, bridge."""

    name = "sections"
    sample_name = "song"

    def params(self) -> type[Params]:
        from tailwise.recipes.sections.params import Params

        return Params

    def check_inputs(self, params: Params) -> None:
        from tailwise.recipes.sections.params import check_inputs

        check_inputs(params)

    def figure_names(self, params: Params) -> list[str] | None:
        from tailwise.recipes.sections.figures import figure_names

        return figure_names(params.data)

    def make_demo(self, params: dict, folder: Path) -> None:
        from tailwise.core.params.config import section
        from tailwise.recipes.sections.demo import Demo, make_demo

        make_demo(section(params, "demo", Demo), folder)

    def index(self, params: dict) -> Checked:
        from tailwise.core.params.config import section
        from tailwise.recipes.sections.index import index
        from tailwise.recipes.sections.source import Source

        return index(section(params, "data", Source))

    def prepare(self, params: dict, folder: Path) -> Iterator[str]:
        from tailwise.core.params.config import section
        from tailwise.recipes.sections.prepare import Prepare, prepare
        from tailwise.recipes.sections.source import Source

        return prepare(section(params, "prepare", Prepare), section(params, "data", Source), folder)

    def labels(self, split: Path, heads: Sequence[str]) -> Labels:
        from tailwise.data.sequences.store import read_labels

        return read_labels(split, heads)

    def config(self) -> type[Config]:
        from tailwise.recipes.sections.task import Config

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
        from tailwise.recipes.sections.task import build

        return build(config, heads, train, valid, seed)

    def as_stored(self, config: Config, spec: dict) -> Config:
        from tailwise.recipes.sections.task import as_stored

        return as_stored(config, spec)

    def fit_decoding(
        self, params: dict, train: Path, task: Task, held_out: Iterable[tuple[Batch, Outputs]]
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        from tailwise.core.params.config import sections
        from tailwise.recipes.sections.decoding.fit import DecodingParams, fit_decoding

        return fit_decoding(sections(params, DecodingParams), train, task, held_out)

    def decoder(self, file: Path, heads: tuple[Head, ...]) -> Decode | None:
        from tailwise.recipes.sections.decoding.fitted import decoder, read_decoding

        return decoder(read_decoding(file, heads))

    def extra(self, params: dict, index: Path, predictions: dict, counts: dict[str, dict[str, int]]) -> Extra:
        """The structure of the songs: boundaries, whole sections, transitions, and each song for the report."""
        from tailwise.recipes.sections.tracks.structure import extra

        return extra(index, predictions)

    def explain(self, task: Task, sample: str, head: str, device: Any) -> dict[str, Any]:
        """{"attention": matrix} of a model with self-attention."""
        from tailwise.recipes.sections.report.explain import attention_of

        return attention_of(task, sample, device)

    def page(self) -> Page:
        from tailwise.recipes.sections.report.page import SectionsPage

        return SectionsPage()

    def formats(self) -> Mapping[str, Callable[[list[Prediction], Inputs], str]]:
        from tailwise.recipes.sections.outputs import FORMATS

        return FORMATS

    def find_inputs(self, args: argparse.Namespace) -> Inputs:
        from tailwise.recipes.sections.inputs import find_inputs

        return find_inputs(args)

    def from_specification(self, spec: dict) -> tuple[nn.Module, Specification]:
        from tailwise.recipes.sections.predict import from_specification

        return from_specification(spec)

    def fit_inputs(self, inputs: Inputs, spec: Specification, form: str | None) -> Inputs:
        from tailwise.recipes.sections.predict import fit_inputs

        return fit_inputs(cast("SongInputs", inputs), spec, form)

    def read_samples(self, inputs: Inputs, spec: Specification, workers: int) -> Iterator[Sample]:
        from tailwise.recipes.sections.predict import read_samples

        return read_samples(cast("SongInputs", inputs), spec)


RECIPE = Sections()
