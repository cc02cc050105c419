"""Whether tensors from a file are those that a model takes; and a sum of tensors."""

import operator
from collections.abc import Iterable, Iterator, Mapping
from functools import reduce

import torch

from tailwise.core.errors import shorten

NAMED = 3
"""So many tensors are named in a refusal."""

FLOATS = (torch.float16, torch.bfloat16, torch.float32, torch.float64)

Tensors = Mapping[str, torch.Tensor]


def add_up(tensors: Iterable[torch.Tensor]) -> torch.Tensor:
    """The sum of one or more tensors, from first to last: as `sum`, which types it as possibly the number 0."""
    return reduce(operator.add, tensors)


def misfit(found: Tensors, wanted: Tensors) -> str:
    """What keeps the tensors from being loaded, the first few by name; "" if nothing does.

    wanted: of the model, with or without memory. Values are looked at last, when all sizes are known to be right.
    """
    of_form = [*wrong_names(found, wanted), *wrong_kinds(found, wanted), *_wrong_shapes(found, wanted)]
    return _listed(of_form or [*not_finite(found, wanted)])


def wrong_names(found: Tensors, wanted: Tensors) -> Iterator[str]:
    """Batch norm's counts of batches are not in older files, and PyTorch sets them."""
    needed = [name for name in wanted if not name.endswith("num_batches_tracked")]
    yield from (f"{_short(name)} is missing" for name in needed if name not in found)
    yield from (f"{_short(name)} is left over" for name in found if name not in wanted)


def wrong_kinds(found: Tensors, wanted: Tensors) -> Iterator[str]:
    """Tensors that are no floats where floats are wanted, others where others are, or do not hold each number."""
    for name, ours, theirs in _pairs(found, wanted):
        kind = str(ours.dtype).removeprefix("torch.")
        if theirs.dtype in FLOATS and ours.dtype not in FLOATS:
            yield f"{name} is {kind}, not floats"
        elif theirs.dtype not in FLOATS and ours.dtype != theirs.dtype:
            yield f"{name} is {kind}, not {str(theirs.dtype).removeprefix('torch.')}"
        elif not _is_held(ours):
            yield f"{name} is not held number by number"


def _is_held(tensor: torch.Tensor) -> bool:
    """Not sparse, not without memory, and no few numbers that are said to be many."""
    if tensor.layout != torch.strided or tensor.device.type != "cpu":
        return False
    return tensor.untyped_storage().nbytes() >= tensor.numel() * tensor.element_size()


def _wrong_shapes(found: Tensors, wanted: Tensors) -> Iterator[str]:
    for name, ours, theirs in _pairs(found, wanted):
        if ours.shape != theirs.shape:
            yield f"{name} is {tuple(ours.shape)}, not {tuple(theirs.shape)}"


def not_finite(found: Tensors, wanted: Tensors) -> Iterator[str]:
    """Tensors with NaN or infinite numbers, as the model would hold them."""
    for name, ours, theirs in _pairs(found, wanted):
        if theirs.dtype in FLOATS and not torch.isfinite(ours.to(theirs.dtype)).all():
            yield f"{name} has NaN or infinite numbers"


def _pairs(found: Tensors, wanted: Tensors) -> Iterator[tuple[str, torch.Tensor, torch.Tensor]]:
    return ((_short(name), found[name], wanted[name]) for name in wanted if name in found)


def _short(name: str) -> str:
    return shorten(name, 100)


def _listed(wrong: list[str]) -> str:
    more = f" and {len(wrong) - NAMED} more" if len(wrong) > NAMED else ""
    return ", ".join(wrong[:NAMED]) + more
