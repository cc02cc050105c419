"""Weights files: safetensors, with the model's specification inside."""

import json
from contextlib import suppress
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from tailwise.core.errors import UserError, shorten
from tailwise.core.files import regular, write_bytes
from tailwise.core.tensors import misfit
from tailwise.engine.checkpoint.header import KEY, check_header


def write_tensors(path: Path, tensors: dict[str, torch.Tensor], facts: dict, sort_keys: bool = True) -> None:
    """Atomically write tensors with JSON metadata. sort_keys: equal facts give the same bytes in whatever order"""
    ready = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    write_bytes(path, save(ready, {KEY: json.dumps(facts, sort_keys=sort_keys)}))


def read_tensors(path: Path) -> tuple[dict[str, torch.Tensor], dict]:
    """Read a file of `write_tensors`; raises UserError if it is missing, truncated or foreign."""
    try:
        with safe_open(regular(path), framework="pt") as file:
            facts = json.loads((file.metadata() or {})[KEY])
            return {name: file.get_tensor(name) for name in file.keys()}, facts  # noqa: SIM118 - safetensors' handle is no dict
    except FileNotFoundError as error:
        raise UserError(f"{path}: no such file") from error
    except RecursionError as error:
        raise UserError(f"{path}: not a whole weights file of tailwise (its facts are nested too deeply)") from error
    except KeyError as error:
        raise UserError(f"{path}: not a whole weights file of tailwise (no specification is in it)") from error
    except (UserError, SafetensorError, ValueError, OSError, MemoryError) as error:
        why = shorten(str(error).removeprefix(f"{path}: "))
        raise UserError(f"{path}: not a whole weights file of tailwise ({why})") from error


def read_weights(path: Path) -> tuple[dict[str, torch.Tensor], dict]:
    """Read a file of `write_weights`, possibly from elsewhere: `read_tensors` with a limit on the header size."""
    with suppress(OSError):
        check_header(path)
    tensors, facts = read_tensors(path)
    return tensors, facts if isinstance(facts, dict) else {}


INSTEAD_OF = "instead_of"
"""Metadata key of a fallback model's weights: the specification that params.yaml asks for."""


SEEN = "seen"
"""Specification key: properties of the training samples. Ignored when comparing models; absent in older files."""


def write_weights(path: Path, weights: dict[str, torch.Tensor], spec: dict, asked: dict) -> None:
    """Write a trained model. spec: its specification; asked: that of the model in params.yaml"""
    write_tensors(path, weights, spec if spec == asked else {**spec, INSTEAD_OF: asked})


def of_model(facts) -> dict:
    """The part of a specification or metadata that defines the model."""
    return {name: facts[name] for name in facts if name not in (INSTEAD_OF, SEEN)} if isinstance(facts, dict) else {}


def as_json(spec: dict) -> dict:
    """`of_model` as it is read back from a file: tuples are lists there."""
    return json.loads(json.dumps(of_model(spec)))


def fallback_spec(path: Path, asked: dict) -> dict | None:
    """The specification of the simpler model in `path`, if it took over from the one asked for."""
    _, found = read_weights(path)
    return found if INSTEAD_OF in found and of_model(found[INSTEAD_OF]) == as_json(asked) else None


def load_into(model: torch.nn.Module, spec: dict, path: Path) -> None:
    """Load the weights of `path` into `model`; raises UserError if they are of another model or not finite."""
    tensors, facts = read_weights(path)
    found, wanted = of_model(facts), as_json(spec)
    if found != wanted:
        raise UserError(f"{path}: weights of another model: {_first_difference(found, wanted)}")
    if wrong := misfit(tensors, model.state_dict()):
        raise UserError(f"{path}: not the weights of this model: {wrong}")
    model.load_state_dict(tensors)


def _first_difference(found: dict, wanted: dict, path: str = "") -> str:
    for key in sorted({*found, *wanted}):
        ours, theirs = wanted.get(key), found.get(key)
        if isinstance(ours, dict) and isinstance(theirs, dict):
            if inner := _first_difference(theirs, ours, f"{path}{key}."):
                return inner
        elif json.dumps(ours, sort_keys=True) != json.dumps(theirs, sort_keys=True):
            return f"{path}{key} is {shorten(str(theirs))} there, {shorten(str(ours))} here"
    return ""
