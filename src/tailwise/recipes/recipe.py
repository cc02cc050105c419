"""What stages, reports and commands ask of a pipeline: one object, `RECIPE` in ``recipes/<name>/recipe.py``.

A recipe's methods import what they need when they are called: training loads no report, prediction no trainer. So
``make dvc-yaml`` can tell which files each stage depends on: those that the methods it calls import.
"""

from __future__ import annotations

import importlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from tailwise.core.errors import UserError

if TYPE_CHECKING:
    import argparse

    from torch import Tensor, nn

    from tailwise.balance.labels import Labels
    from tailwise.core.heads import Head
    from tailwise.data.tables.checks.source import Checked
    from tailwise.engine.contract.task import Task
    from tailwise.metrics.predictions import Predictions
    from tailwise.recipes.prediction import Inputs, Prediction, Sample
    from tailwise.reporting.page import Page


@dataclass(frozen=True)
class Extra:
    """What a pipeline adds to the figures of a split.

    figures: JSON, kept beside the shared figures under the recipe's own names
    lines: the same for the terminal; summary: the same for the table that ends a run
    files: {name: JSON}, written to ``reports/<name>.json`` for the validation split
    """

    figures: dict[str, Any] = field(default_factory=dict)
    lines: Sequence[str] = ()
    summary: Sequence[str] = ()
    files: dict[str, Any] = field(default_factory=dict)


class Recipe(ABC):
    """A pipeline. `name` stands in its weights files; `unit` is what a sample is called: foul, song, image."""

    name: ClassVar[str]
    unit: ClassVar[str] = "sample"
    units: ClassVar[Mapping[str, str]] = {}
    """Of the pipeline's own scores, where they have one: {score: unit}, such as "%"."""

    # params.yaml

    @abstractmethod
    def params(self) -> type:
        """A dataclass with a field for every section of params.yaml; its `__post_init__` refuses contradictions."""

    def check_inputs(self, params: Any) -> None:  # noqa: B027 - most recipes need nothing
        """Raise UserError for raw data or packages that the pipeline needs and that are not there."""

    # data

    @abstractmethod
    def index(self, params: dict) -> Checked:
        """The labelled samples of each split, checked; UserError for wrong or leaking data."""

    def forecast(self, params: dict, index: Checked) -> Iterator[str]:
        """Lines on what preparing the data would lose, split by split."""
        return iter(())

    def labels(self, split: Path, heads: Sequence[str]) -> Labels:
        """The labels of a prepared split, from ``manifest.csv`` in its folder, without reading a sample's content.

        The default is one label a sample, in a column a head; a recipe of sequences splits its cells into positions.
        """
        from tailwise.balance.labels import Labels
        from tailwise.data.tables.manifest import read_labels

        return Labels(*read_labels(split / "manifest.csv", heads))

    def make_demo(self, params: dict, folder: Path) -> None:
        """Fill a folder with made-up raw data in the layout that `index` reads."""
        raise UserError(f"recipe {self.name} has no demo")

    # training

    @abstractmethod
    def config(self) -> type:
        """A dataclass of the sections of params.yaml that decide the task."""

    @abstractmethod
    def build(
        self, config: Any, heads: tuple[Head, ...], train: Path | None, valid: Path, seed: int, pretrained: bool = False
    ) -> Task:
        """The task on two prepared splits; weights drawn from `seed`, pretrained parts loaded if asked for."""

    def as_stored(self, config: Any, spec: dict) -> Any:
        """The config of the fallback model whose specification a weights file has."""
        raise UserError(f"recipe {self.name} has no fallback model")

    def first_lr(self, params: dict) -> float:
        """Highest learning rate of the first phase at a batch of 16: what ``lr: auto`` starts from.

        The default is Adam's usual one, https://arxiv.org/abs/1412.6980.
        """
        return 1e-3

    # figures and report

    def extra(
        self, params: dict, index: Path, predictions: dict[str, Predictions], counts: dict[str, dict[str, int]]
    ) -> Extra:
        """Figures of the pipeline's own field.

        index: the table of the split's samples, named as the split is, also of those that could not be prepared
        counts: {head: {class: training samples}}
        """
        return Extra()

    def show(self, split: Path, heads: tuple[Head, ...], samples: Sequence[str]) -> list[dict[str, Any]]:
        """What these samples of a prepared split look like, as JSON for the report: a dict each."""
        return [{} for _ in samples]

    def explain(self, task: Task, sample: str, head: str, device: Any) -> dict[str, Any]:
        """What a sample of `task.valid` looks like and where the model looked, as JSON for the report."""
        return {}

    def page(self) -> Page:
        """What the report shows: all shared sections, unless the recipe says otherwise."""
        from tailwise.reporting.page import Page

        return Page()

    # prediction

    def formats(self) -> Mapping[str, Callable[[list[Prediction], Inputs], str]]:
        """Formats of the answers besides text and csv: {name: function to the content of the file}."""
        return {}

    def find_inputs(self, args: argparse.Namespace) -> Inputs:
        """The samples that the command names: paths, table, folder, root, format. Loads no torch."""
        raise UserError(f"recipe {self.name} predicts nothing from files")

    def from_specification(self, spec: dict) -> tuple[nn.Module, Any]:
        """The model that a weights file specifies, with fresh weights, and the specification read, which has `heads`.

        Raises UserError or ValueError for a wrong specification: weights files may come from anywhere.
        """
        raise UserError(f"recipe {self.name} cannot be loaded from a weights file")

    def fit_inputs(self, inputs: Inputs, spec: Any, form: str | None) -> Inputs:
        """The inputs as this model takes them; UserError if it cannot.

        form: of the answers, as asked for by --format; None if none is
        """
        return inputs

    def read_samples(self, inputs: Inputs, spec: Any, workers: int) -> Iterator[Sample]:
        """The samples that can be used, in any order; of the others stderr has a line each."""
        raise UserError(f"recipe {self.name} predicts nothing from files")

    def forward(self, model: nn.Module, inputs: dict[str, Tensor]) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """Logits of a batch, and attention over the parts of its samples (B, V), each {head: ...}."""
        return model(**inputs), {}


def names() -> list[str]:
    """The recipes of this package: its folders that have a recipe.py."""
    return sorted(file.parent.name for file in Path(__file__).parent.glob("*/recipe.py"))


def load_recipe(package: str) -> Recipe:
    """The recipe of a package, as ``tailwise.recipes.fouls``, or of one beside a dvc.yaml, as ``tagger``.

    Raises UserError where there is no such package, or no recipe in it.
    """
    module = f"{package}.recipe"
    try:
        return importlib.import_module(module).RECIPE
    except ModuleNotFoundError as error:
        if error.name not in (package, module):
            raise
        raise UserError(f"no recipe {package}: {module} is not on the Python path") from error
    except AttributeError as error:
        raise UserError(f"{module} has no RECIPE: it needs the line `RECIPE = YourRecipe()`") from error
