"""What exporting asks of a pipeline: the params section `export`, and the samples of a split for the exported model."""

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from tailwise.core.errors import UserError

if TYPE_CHECKING:
    from tailwise.core.batch import Batch
    from tailwise.core.heads import Head
    from tailwise.recipes.recipe import Recipe

ONNX = ("onnx", "onnxscript", "onnxruntime")
PACKAGES = {"onnx": ONNX, "torchscript": (), "torch-export": ONNX[:2]}
"""{format: packages of requirements-export.txt that it needs}"""
INSTALL = "python3 -m pip install -r requirements-export.txt -c constraints.txt"


@dataclass(frozen=True)
class Export:
    """formats: of PACKAGES, each once; a stage writes data/exported/<format> for each; []: no stage"""

    formats: tuple[str, ...] = ()

    def __post_init__(self):
        for name in self.formats:
            if name not in PACKAGES:
                raise ValueError(f"formats: {name!r} is unknown; there are {', '.join(PACKAGES)}")
        if len(set(self.formats)) < len(self.formats):
            raise ValueError("formats names a format twice")


@runtime_checkable
class ReadsSplit(Protocol):
    """A recipe whose models take other inputs than `Recipe.build` evaluates on, such as clips instead of features."""

    def read_split(self, heads: "tuple[Head, ...]", split: Path, size: int) -> "Iterator[Batch]":
        """The samples of a prepared split, in batches of `size`, with the inputs that `Recipe.forward` takes."""
        ...


def read_split(recipe: "Recipe", config: Any, heads: "tuple[Head, ...]", split: Path, size: int) -> "Iterator[Batch]":
    """The samples of a prepared split, in batches of `size`, with the inputs that `recipe.forward` takes.

    config: of the sections that define the task. By default they are what `recipe.build` evaluates on.
    """
    if isinstance(recipe, ReadsSplit):
        yield from recipe.read_split(heads, split, size)
        return
    samples = recipe.build(config, heads, None, split, 0).valid
    for start in range(0, len(samples), size):
        yield samples.collate([samples[i] for i in range(start, min(start + size, len(samples)))])


def check_packages(export: Export) -> None:
    """Raise UserError for a format whose packages are absent, before anything is trained."""
    for form in export.formats:
        for name in absent(form):
            raise UserError(f"export.formats {form} needs the package {name}, which is absent: {INSTALL}")


def absent(form: str) -> Iterator[str]:
    """The packages that a format needs and that cannot be found."""
    yield from (name for name in PACKAGES[form] if find_spec(name) is None)
