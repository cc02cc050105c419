"""A model as the exporters call it: tensors in a fixed order in, tensors in a fixed order out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from tailwise.core.errors import UserError
from tailwise.export.graph.families import BATCH, LENGTH, Arrays, Axes, Forward, Sizes, family_of, one_sample
from tailwise.export.graph.sequences import LONGEST, LoopFreeChain
from tailwise.export.run.folder import ATTENTION
from tailwise.recipes.recipe import Recipe

WARN = 1
"""Deterministic kernels, and a warning where there are none: of torch.set_deterministic_debug_mode."""
UNKNOWN_SIZES: Sequence[Sizes] = [{BATCH: 1}, {BATCH: 3}, {BATCH: 2}]


class Exportable(nn.Module):
    """inputs, in the order of `names`, to the outputs in the order of `output_names`."""

    def __init__(self, model: nn.Module, forward: Forward, names: Sequence[str]):
        super().__init__()
        self.model, self.run, self.names = model, forward, tuple(names)

    def forward(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        return tuple(named(*self.run(self.model, dict(zip(self.names, inputs)))).values())


def named(logits: dict[str, Tensor], attention: dict[str, Tensor]) -> dict[str, Tensor]:
    """All outputs by name: logits and whatever else the model gives, then the attention of each head."""
    return {**logits, **{f"{head} {ATTENTION}": weights for head, weights in attention.items()}}


@dataclass(frozen=True)
class Exported:
    """What is exported, on the CPU and in evaluation mode.

    module: for the exporters; output_names: of what it returns
    example: inputs of one sample, without a batch dimension; axes: which dimensions of a batch vary
    batches: inputs to compare on, of other sizes; reference: the outputs of the model itself, by `Recipe.forward`
    """

    module: Exportable
    output_names: tuple[str, ...]
    example: Arrays
    axes: Axes
    batches: Sequence[Arrays]
    model: nn.Module
    recipe: Recipe

    @property
    def largest(self) -> Sizes:
        """{dimension: its largest size}, of those that vary and have one."""
        return {LENGTH: LONGEST} if any(isinstance(part, LoopFreeChain) for part in self.module.modules()) else {}

    @torch.no_grad()
    def reference(self, batch: Arrays) -> Arrays:
        """What the trained model answers a batch, by name."""
        outputs = named(*self.recipe.forward(self.model, as_tensors(batch)))
        return {name: value.numpy() for name, value in outputs.items()}


def prepare(model: nn.Module, recipe: Recipe, spec: object, example: Arrays | None) -> Exported:
    """example: a sample's inputs as the recipe read them, None: made up. UserError if none can be made up."""
    family, rng = family_of(model), np.random.default_rng(1)
    model.eval()
    if family is None:
        if example is None:
            raise UserError(f"models of the recipe {recipe.name} are exported with an example: add --example PATH")
        axes: Axes = dict.fromkeys(example, (BATCH,))
        batches = [repeated(example, sizes[BATCH], rng) for sizes in UNKNOWN_SIZES]
        forward: Forward = recipe.forward
    else:
        example = example or one_sample(family, model, spec)
        axes = {name: family.axes[name] for name in example}
        batches = [family.made_up(model, spec, sizes, rng) for sizes in family.sizes]
        forward = family.forward(model) if family.forward else recipe.forward
    rewritten = family.rewritten(model) if family and family.rewritten else model
    module = Exportable(rewritten, forward, tuple(example)).eval()
    return Exported(module, outputs_of(module, example), example, axes, batches, model, recipe)


@torch.no_grad()
def outputs_of(module: Exportable, example: Arrays) -> tuple[str, ...]:
    """Names of the outputs, from one run."""
    batch = as_tensors({name: value[None] for name, value in example.items()})
    return tuple(named(*module.run(module.model, batch)))


def repeated(example: Arrays, count: int, rng: np.random.Generator) -> Arrays:
    """A batch of `count` samples: the example, with noise of a tenth in what is no integer."""
    stacked = {name: np.stack([value] * count) for name, value in example.items()}
    return {name: noisy(value, rng) if value.dtype.kind == "f" else value for name, value in stacked.items()}


def noisy(value: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return (value + 0.1 * rng.normal(size=value.shape)).astype(value.dtype)


def as_tensors(batch: Arrays) -> dict[str, Tensor]:
    return {name: torch.from_numpy(np.ascontiguousarray(value)) for name, value in batch.items()}


def trace_batch(exported: Exported) -> Arrays:
    """The largest of the batches: no dimension that varies is 0 or 1 there, which exporters take for fixed."""
    return max(exported.batches, key=lambda batch: sum(value.size for value in batch.values()))


@contextmanager
def for_export() -> Iterator[None]:
    """Without gradients, and without fused attention, which exporters do not know; all as before afterwards.

    TorchScript writes into each convolution whether kernels are deterministic: here they are, as in a stage.
    """
    fused, deterministic = torch.backends.mha.get_fastpath_enabled(), torch.get_deterministic_debug_mode()
    torch.backends.mha.set_fastpath_enabled(False)
    torch.set_deterministic_debug_mode(max(deterministic, WARN))
    try:
        with torch.no_grad():
            yield
    finally:
        torch.backends.mha.set_fastpath_enabled(fused)
        torch.set_deterministic_debug_mode(deterministic)
