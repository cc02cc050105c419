"""Weights files: safetensors, with the model's specification inside."""

import json
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from tailwise.core.errors import UserError
from tailwise.core.files import write_bytes

KEY = "tailwise"  # one key: safetensors writes several in no fixed order


def write_tensors(path: Path, tensors: dict[str, torch.Tensor], facts: dict) -> None:
    """Tensors, and JSON facts beside them, written whole or not at all."""
    ready = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    write_bytes(path, save(ready, {KEY: json.dumps(facts, sort_keys=True)}))


def read_tensors(path: Path) -> tuple[dict[str, torch.Tensor], dict]:
    """What `write_tensors` wrote; raises UserError for a file that is absent, cut short or another's."""
    try:
        with safe_open(path, framework="pt") as file:
            facts = json.loads((file.metadata() or {})[KEY])
            return {name: file.get_tensor(name) for name in file.keys()}, facts
    except FileNotFoundError as error:
        raise UserError(f"{path}: no such file") from error
    except (SafetensorError, KeyError, ValueError, OSError) as error:
        raise UserError(f"{path}: not a whole weights file of tailwise ({error})") from error


INSTEAD_OF = "instead_of"
"""In the facts of a weights file: the specification that was asked for, where a simpler model took over."""


def write_weights(path: Path, weights: dict[str, torch.Tensor], spec: dict, asked: dict) -> None:
    """A trained model. spec: its own; asked: that of the model which params ask for"""
    write_tensors(path, weights, spec if spec == asked else {**spec, INSTEAD_OF: asked})


def took_over(path: Path, asked: dict) -> dict | None:
    """The specification of the simpler model in `path`, if it took over from the one asked for."""
    _, found = read_tensors(path)
    return found if found.get(INSTEAD_OF) == json.loads(json.dumps(asked)) else None


def load_into(model: torch.nn.Module, spec: dict, path: Path) -> None:
    """Load the weights of `path` into `model`; raises UserError if another model wrote them."""
    tensors, found = read_tensors(path)
    found.pop(INSTEAD_OF, None)
    if found != json.loads(json.dumps(spec)):
        raise UserError(f"{path}: weights of another model: {_first_difference(found, spec)}")
    model.load_state_dict(tensors)


def _first_difference(found: dict, wanted: dict, path: str = "") -> str:
    for key in sorted({*found, *wanted}):
        ours, theirs = wanted.get(key), found.get(key)
        if isinstance(ours, dict) and isinstance(theirs, dict):
            if inner := _first_difference(theirs, ours, f"{path}{key}."):
                return inner
        elif json.dumps(ours, sort_keys=True) != json.dumps(theirs, sort_keys=True):
            return f"{path}{key} is {theirs} there, {ours} here"
    return ""
