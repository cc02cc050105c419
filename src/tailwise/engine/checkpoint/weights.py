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


def write_tensors(path: Path, tensors: dict[str, torch.Tensor], facts: dict) -> None:
    """Tensors, and JSON facts beside them, written whole or not at all."""
    ready = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    write_bytes(path, save(ready, {KEY: json.dumps(facts, sort_keys=True)}))


def read_tensors(path: Path) -> tuple[dict[str, torch.Tensor], dict]:
    """What `write_tensors` wrote; raises UserError for a file that is absent, cut short or another's."""
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
    """What `write_weights` wrote, perhaps elsewhere: as `read_tensors`, with a limit to all that is no number."""
    with suppress(OSError):
        check_header(path)
    tensors, facts = read_tensors(path)
    return tensors, facts if isinstance(facts, dict) else {}


INSTEAD_OF = "instead_of"
"""In the facts of a weights file: the specification that was asked for, where a simpler model took over."""


SEEN = "seen"
"""In a specification: what the training samples were like. It makes no other model, and files from before have none."""


def write_weights(path: Path, weights: dict[str, torch.Tensor], spec: dict, asked: dict) -> None:
    """A trained model. spec: its own; asked: that of the model which params ask for"""
    write_tensors(path, weights, spec if spec == asked else {**spec, INSTEAD_OF: asked})


def of_model(facts) -> dict:
    """What decides the model, in a specification or in the facts of a weights file."""
    return {name: facts[name] for name in facts if name not in (INSTEAD_OF, SEEN)} if isinstance(facts, dict) else {}


def _as_json(spec: dict) -> dict:
    return json.loads(json.dumps(of_model(spec)))


def fallback_spec(path: Path, asked: dict) -> dict | None:
    """The specification of the simpler model in `path`, if it took over from the one asked for."""
    _, found = read_weights(path)
    return found if INSTEAD_OF in found and of_model(found[INSTEAD_OF]) == _as_json(asked) else None


def load_into(model: torch.nn.Module, spec: dict, path: Path) -> None:
    """Load the weights of `path` into `model`; raises UserError if another model wrote them, or not all are numbers."""
    tensors, facts = read_weights(path)
    found, wanted = of_model(facts), _as_json(spec)
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
