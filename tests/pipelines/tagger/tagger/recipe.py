"""The tagger's recipe, called by the shared stages."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tailwise.core.params.config import section
from tailwise.recipes.recipe import Recipe

if TYPE_CHECKING:
    import argparse

    from tagger.params import Params
    from tagger.predict import Specification
    from tagger.task import Config
    from torch import nn

    from tailwise.balance.labels import Labels
    from tailwise.core.heads import Head
    from tailwise.data.tables.checks.source import Checked
    from tailwise.engine.contract.task import Task
    from tailwise.recipes.prediction import Inputs, Sample
    from tailwise.reporting.page import Page


class Tagger(Recipe):
    """A tag a note of a song."""

    name = "tagger"
    sample_name = "song"

    def params(self) -> type[Params]:
        from tagger.params import Params

        return Params

    def make_demo(self, params: dict, folder: Path) -> None:
        from tagger.songs import Songs, make_songs

        make_songs(section(params, "songs", Songs), folder)

    def index(self, params: dict) -> Checked:
        from tagger.songs import read_songs

        return read_songs(Path("data/raw"))

    def labels(self, split: Path, heads: Sequence[str]) -> Labels:
        from tagger.songs import read_tags

        return read_tags(split / "manifest.csv", heads)

    def config(self) -> type[Config]:
        from tagger.task import Config

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
        from tagger.task import build

        return build(config, heads, train, valid, seed)

    def page(self) -> Page:
        from tailwise.reporting.page import Page

        return Page(sections=("result", "training", "data", "certificate", "run"), item_name="note")

    def find_inputs(self, args: argparse.Namespace) -> Inputs:
        from tagger.predict import find_songs

        return find_songs(args)

    def from_specification(self, spec: dict) -> tuple[nn.Module, Specification]:
        from tagger.predict import from_specification

        return from_specification(spec)

    def read_samples(self, inputs: Inputs, spec: Specification, workers: int) -> Iterator[Sample]:
        from tagger.predict import read_songs

        return read_songs(inputs)


RECIPE = Tagger()
