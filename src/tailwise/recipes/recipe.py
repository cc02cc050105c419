"""The interface that stages, reports and commands use of a pipeline: `RECIPE` in ``recipes/<name>/recipe.py``.

A recipe's methods import what they need when they are called: training loads no report code and
prediction no trainer. ``make dvc-yaml`` derives the dependencies of a stage from the imports of the methods it calls.
"""

from __future__ import annotations

import importlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from tailwise.core.errors import UserError

if TYPE_CHECKING:
    import argparse

    from torch import Tensor, nn

    from tailwise.balance.labels import Labels
    from tailwise.core.batch import Batch, Decode, Outputs
    from tailwise.core.heads import Head
    from tailwise.data.tables.checks.source import Checked
    from tailwise.engine.contract.task import Task
    from tailwise.metrics.labels import Label
    from tailwise.metrics.predictions import Predictions
    from tailwise.recipes.prediction import Inputs, Prediction, Sample
    from tailwise.reporting.page import Page


@dataclass(frozen=True)
class Extra:
    """What a pipeline adds to the figures of a split.

    figures: JSON, written next to the shared figures under the recipe's own names
    lines: the same for the terminal; summary: the same for the table that ends a run
    files: {name: JSON}, written to ``reports/<name>.json`` for the validation split
    labels: {dotted name of one of the figures: its name for people}
    label_name: the word, in the singular, for what one label belongs to; "" if that is a sample
    """

    figures: dict[str, Any] = field(default_factory=dict)
    lines: Sequence[str] = ()
    summary: Sequence[str] = ()
    files: dict[str, Any] = field(default_factory=dict)
    labels: Mapping[str, Label] = field(default_factory=dict)
    label_name: str = ""


class Recipe(ABC):
    """A pipeline.

    name: written to its weights files
    sample_name: the word for one sample in messages and reports, in the singular: foul, song, image
    score_units: {score: unit} of the pipeline's own scores that have a unit, such as {"balanced_accuracy": "%"}
    """

    name: ClassVar[str]
    sample_name: ClassVar[str] = "sample"
    score_units: ClassVar[Mapping[str, str]] = {}

    # params.yaml

    def params(self) -> type:
        """A dataclass with a field for every section of params.yaml; its `__post_init__` rejects contradictions.

        The default is for a part of another recipe's pipeline, which reads its own sections alone.
        """
        return self.config()

    def check_inputs(self, params: Any) -> None:  # noqa: B027 - most recipes need nothing
        """Raise UserError if raw data or packages that the pipeline needs are missing."""

    def figure_names(self, params: Any) -> Sequence[str] | None:
        """Dotted names of a split's figures, which certificate.above and below may have; None: known with the data."""
        return None

    # data

    def index(self, params: dict) -> Checked:
        """The labelled samples of each split, checked; UserError for wrong or leaking data."""
        raise UserError(f"recipe {self.name} reads no raw data: it takes splits that another recipe prepared")

    def forecast(self, params: dict, index: Checked) -> Iterator[str]:
        """Lines on which samples preparing the data would lose, split by split."""
        return iter(())

    def labels(self, split: Path, heads: Sequence[str]) -> Labels:
        """The labels of a prepared split, from ``manifest.csv`` in its folder, without reading a sample's content.

        The default reads one label per sample, one column per head; recipes for sequences split cells into positions.
        """
        from tailwise.balance.labels import Labels
        from tailwise.data.tables.manifest import read_labels

        return Labels(*read_labels(split / "manifest.csv", heads))

    def prepare(self, params: dict, folder: Path) -> Iterator[str]:
        """Write the prepared splits, ``FOLDER/<split>``, from the tables in data/index; yields lines for the terminal.

        For pipelines with the stage `prepare`. Each split's folder has a ``manifest.csv``, which `labels` reads.
        """
        raise UserError(f"recipe {self.name} prepares no splits")

    def make_demo(self, params: dict, folder: Path) -> None:
        """Fill a folder with synthetic raw data in the layout that `index` reads."""
        raise UserError(f"recipe {self.name} has no demo")

    # training

    @abstractmethod
    def config(self) -> type:
        """A dataclass of the sections of params.yaml that define the task."""

    @abstractmethod
    def build(
        self, config: Any, heads: tuple[Head, ...], train: Path | None, valid: Path, seed: int, pretrained: bool = False
    ) -> Task:
        """The task on two prepared splits. Weights are initialized from `seed`; `pretrained` loads pretrained parts."""

    def as_stored(self, config: Any, spec: dict) -> Any:
        """The config of the fallback model that a weights file specifies."""
        raise UserError(f"recipe {self.name} has no fallback model")

    def embedder(self, model: nn.Module) -> nn.Module:
        """The part of a task's model that a phase on features leaves as it is, called as the model is.

        It returns an embedding, (D,), for each line of the split's manifest that the batch's samples have, in their
        order. `build` reads the folders that it fills (see engine/evaluate/features.py) as it reads prepared splits.
        """
        raise UserError(f"recipe {self.name} trains on no features")

    def for_features(self, config: Any) -> Any:
        """The config by which features are computed: without what `build` does to batches of features themselves."""
        return config

    def first_lr(self, params: dict) -> float:
        """Peak learning rate of the first phase at a batch size of 16, from which ``lr: auto`` is scaled.

        The default is that of Adam, https://arxiv.org/abs/1412.6980.
        """
        return 1e-3

    def last_layers(self, model: nn.Module, head: str) -> Sequence[nn.Module]:
        """The layers of a task's model that give a head's logits in evaluation; empty for a head without such layers.

        What they are given, (B, D) or (B, T, D), is the embedding that the answers follow from, as the stage
        `map_embeddings` draws it; that of several layers stands beside each other.
        """
        return ()

    # answers

    def fit_decoding(
        self, params: dict, train: Path, task: Task, held_out: Iterable[tuple[Batch, Outputs]]
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """(what `decoder` reads, how it was chosen), both as JSON.

        For pipelines whose answers are not the most probable classes, with the stage `fit_decoding`.
        train: a prepared split; held_out: `task.valid`, on which nothing was trained, with the model's outputs
        """
        raise UserError(f"recipe {self.name} has no decoding")

    def decoder(self, file: Path, heads: tuple[Head, ...]) -> Decode | None:
        """How answers follow from outputs, in evaluation and prediction; None: the most probable class is the answer.

        file: what `fit_decoding` fitted; UserError for another one
        """
        raise UserError(f"{file}: recipe {self.name} has no decoding: leave the file out")

    # figures and report

    def extra(
        self, params: dict, index: Path, predictions: dict[str, Predictions], counts: dict[str, dict[str, int]]
    ) -> Extra:
        """Figures specific to the pipeline.

        index: table of the split's samples, including those that could not be prepared; named after the split
        counts: {head: {class: training samples}}
        """
        return Extra()

    def show(self, split: Path, heads: tuple[Head, ...], samples: Sequence[str]) -> list[dict[str, Any]]:
        """Previews of these samples of a prepared split, as JSON for the report: one dict per sample."""
        return [{} for _ in samples]

    def thumbnails(self, split: Path, heads: tuple[Head, ...], samples: Sequence[str]) -> list[str]:
        """A small picture of each of these samples of a prepared split, as a data URI of less than a kilobyte.

        Empty for a pipeline that has none. A name may be there more than once.
        """
        return []

    def explain(self, task: Task, sample: str, head: str, device: Any) -> dict[str, Any]:
        """Preview of a sample of `task.valid` with the model's attention, as JSON for the report."""
        return {}

    def page(self) -> Page:
        """The report's page; by default all shared sections."""
        from tailwise.reporting.page import Page

        return Page()

    # prediction

    def formats(self) -> Mapping[str, Callable[[list[Prediction], Inputs], str]]:
        """Output formats: {name: function that returns the file's content}; text and csv are there, or replaced."""
        return {}

    def find_inputs(self, args: argparse.Namespace) -> Inputs:
        """The samples given on the command line (paths, table, folder, root, format). Does not import torch."""
        raise UserError(f"recipe {self.name} cannot predict from files")

    def from_specification(self, spec: dict) -> tuple[nn.Module, Any]:
        """The model that a weights file specifies, without its weights, and the parsed specification (it has `heads`).

        Raises UserError or ValueError for a wrong specification: weights files may come from anywhere.
        """
        raise UserError(f"recipe {self.name} cannot be loaded from a weights file")

    def fit_inputs(self, inputs: Inputs, spec: Any, form: str | None) -> Inputs:
        """The inputs, adapted to this model; UserError if it cannot take them.

        form: the output format given by --format, or None
        """
        return inputs

    def read_samples(self, inputs: Inputs, spec: Any, workers: int) -> Iterator[Sample]:
        """The usable samples, in any order; prints one line on stderr for each of the others."""
        raise UserError(f"recipe {self.name} cannot predict from files")

    def forward(self, model: nn.Module, inputs: dict[str, Tensor]) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """Logits of a batch, and attention over the parts of its samples (B, V), both by head."""
        return model(**inputs), {}


def names() -> list[str]:
    """Names of the recipes in this package: folders with a recipe.py."""
    return sorted(file.parent.name for file in Path(__file__).parent.glob("*/recipe.py"))


def load_recipe(package: str) -> Recipe:
    """The recipe of a package: ``tailwise.recipes.fouls``, or one next to a dvc.yaml, such as ``tagger``.

    Raises UserError if the package or its recipe does not exist.
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
