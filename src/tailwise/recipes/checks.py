"""Checks of params and data roots that recipes share; each raises for what it refuses."""

from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path

import torch
from torch import nn

from tailwise.core.errors import UserError
from tailwise.core.params.runtime import Runtime
from tailwise.data.tables.checks.root import check_root, check_tree
from tailwise.engine.contract.phase import Phase, check_losses, rate_groups, set_trainable

MADE_ROOT = "data/demo"
"""The data root that the stage make_demo fills."""


def is_made(root: str) -> bool:
    """Whether a data root is the one that a stage makes."""
    return Path(root) == Path(MADE_ROOT)


def without_memory(build: Callable[[], nn.Module]) -> nn.Module:
    """A model without memory for its weights; raises ValueError for sizes that no machine holds."""
    try:
        with torch.device("meta"):
            return build()
    except (RuntimeError, TypeError) as error:  # a product of sizes, or a size itself, that is no 64-bit number
        raise ValueError(f"the model cannot be built, is a width in model too large? {error}") from error


def check_phase(name: str, model: nn.Module, phase: Phase, heads: Sequence[str], auxiliary: Sequence[str]) -> None:
    """Raise UserError for a pattern without effect, a phase that would move nothing, or a weight of no loss.

    heads, auxiliary: names of the losses that count always, and of those that need a weight
    """
    try:
        set_trainable(model, phase.trainable)
        rate_groups(model, phase.rates)
        check_losses(phase.loss_weights, heads, auxiliary)
        if phase.distil:
            phase.distil.check(heads)
    except UserError as error:
        raise UserError(f"{name}.train.{error}") from error


def check_sources(root: str, runtime: Runtime) -> None:
    """Raise UserError if the data root is not there, unless a stage makes it, or a package that is to be used."""
    if not is_made(root):
        check_root(Path(root))
        check_tree(Path(root))
    if runtime.tensorboard and find_spec("tensorboard") is None:
        raise UserError("runtime.tensorboard: pip install tensorboard, or set it to false")
