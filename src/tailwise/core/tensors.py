"""Checks tensors from a file against those of a model; a digest, and a typed sum of tensors."""

import hashlib
import operator
from collections.abc import Iterable, Iterator, Mapping
from functools import reduce

import torch

from tailwise.core.errors import shorten

MAX_LISTED = 3
"""Tensors named in an error message."""

FLOATS = (torch.float16, torch.bfloat16, torch.float32, torch.float64)

Tensors = Mapping[str, torch.Tensor]


def add_up(tensors: Iterable[torch.Tensor]) -> torch.Tensor:
    """The sum of one or more tensors, in order. Unlike `sum`, it is typed as a tensor."""
    return reduce(operator.add, tensors)


def digest(tensors: Tensors) -> str:
    """SHA-256 over the tensors' names, types, shapes and bytes, in the order of their names."""
    found = hashlib.sha256()
    for name, tensor in sorted(tensors.items()):
        found.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\0".encode())
        found.update(tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().data)
    return found.hexdigest()


def misfit(found: Tensors, wanted: Tensors) -> str:
    """Why the tensors cannot be loaded, with the first few names; "" if they can.

    wanted: the model's tensors, possibly on the meta device. Values are checked last, once all shapes match.
    """
    of_form = [*wrong_names(found, wanted), *wrong_kinds(found, wanted), *_wrong_shapes(found, wanted)]
    return _listed(of_form or [*not_finite(found, wanted)])


def wrong_names(found: Tensors, wanted: Tensors) -> Iterator[str]:
    """Missing and unexpected names. Batch norm's `num_batches_tracked` may be missing, as in older files."""
    needed = [name for name in wanted if not name.endswith("num_batches_tracked")]
    yield from (f"{_short(name)} is missing" for name in needed if name not in found)
    yield from (f"{_short(name)} is left over" for name in found if name not in wanted)


def wrong_kinds(found: Tensors, wanted: Tensors) -> Iterator[str]:
    """Tensors of another dtype class than the model's, or that are not dense."""
    for name, ours, theirs in _pairs(found, wanted):
        kind = str(ours.dtype).removeprefix("torch.")
        if theirs.dtype in FLOATS and ours.dtype not in FLOATS:
            yield f"{name} is {kind}, not floats"
        elif theirs.dtype not in FLOATS and ours.dtype != theirs.dtype:
            yield f"{name} is {kind}, not {str(theirs.dtype).removeprefix('torch.')}"
        elif not _is_dense(ours):
            yield f"{name} is not a dense CPU tensor"


def _is_dense(tensor: torch.Tensor) -> bool:
    """Strided, on the CPU, and with storage for every element (not expanded)."""
    if tensor.layout != torch.strided or tensor.device.type != "cpu":
        return False
    return tensor.untyped_storage().nbytes() >= tensor.numel() * tensor.element_size()


def _wrong_shapes(found: Tensors, wanted: Tensors) -> Iterator[str]:
    for name, ours, theirs in _pairs(found, wanted):
        if ours.shape != theirs.shape:
            yield f"{name} is {tuple(ours.shape)}, not {tuple(theirs.shape)}"


def not_finite(found: Tensors, wanted: Tensors) -> Iterator[str]:
    """Tensors with NaN or infinite values after conversion to the model's dtype."""
    for name, ours, theirs in _pairs(found, wanted):
        if theirs.dtype in FLOATS and not torch.isfinite(ours.to(theirs.dtype)).all():
            yield f"{name} has NaN or infinite numbers"


def _pairs(found: Tensors, wanted: Tensors) -> Iterator[tuple[str, torch.Tensor, torch.Tensor]]:
    return ((_short(name), found[name], wanted[name]) for name in wanted if name in found)


def _short(name: str) -> str:
    return shorten(name, 100)


def _listed(wrong: list[str]) -> str:
    more = f" and {len(wrong) - MAX_LISTED} more" if len(wrong) > MAX_LISTED else ""
    return ", ".join(wrong[:MAX_LISTED]) + more
