"""The samples of a prepared split as the model of a weights file takes them, for exported models."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from tailwise.core.batch import Batch
from tailwise.core.heads import Head
from tailwise.recipes.recipe import Recipe


@runtime_checkable
class ReadsSplit(Protocol):
    """A recipe whose models take other inputs than `Recipe.build` evaluates on, such as clips instead of features."""

    def read_split(self, heads: tuple[Head, ...], split: Path, size: int) -> Iterator[Batch]:
        """The samples of a prepared split, in batches of `size`, with the inputs that `Recipe.forward` takes."""
        ...


def read_split(recipe: Recipe, config: Any, heads: tuple[Head, ...], split: Path, size: int) -> Iterator[Batch]:
    """The samples of a prepared split, in batches of `size`, with the inputs that `recipe.forward` takes.

    config: of the sections that define the task. By default they are what `recipe.build` evaluates on.
    """
    if isinstance(recipe, ReadsSplit):
        yield from recipe.read_split(heads, split, size)
        return
    samples = recipe.build(config, heads, None, split, 0).valid
    for start in range(0, len(samples), size):
        yield samples.collate([samples[i] for i in range(start, min(start + size, len(samples)))])
