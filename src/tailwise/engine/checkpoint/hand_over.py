"""The full training state handed from one phase to the next, as one safetensors file."""

from dataclasses import dataclass, field
from pathlib import Path

from torch import nn

from tailwise.core.errors import UserError
from tailwise.core.files import remove_parts
from tailwise.core.tensors import misfit
from tailwise.engine.checkpoint.snapshot import Tensors, optimizer_tensors, part, restore_optimizer
from tailwise.engine.checkpoint.weights import as_json, of_model, read_tensors, write_tensors
from tailwise.optim.groups import StepOptimizer


@dataclass(frozen=True)
class HandOver:
    """tensors: ``model/<name>``, ``optimizer/<parameter name>/<slot>`` and ``average/<name>``

    spec: of the model; optimizer: kind of the optimizer, see `optimizer_name`
    seeds, epochs: the name that seeds all randomness, and the number of epochs so far
    guard: state of the guards, JSON; rate: their current factor on the learning rate
    micro_batch: current micro-batch size
    recalls: {head: smoothed recall of each class in training}, where the head's loss adapts
    loss: definition of the loss so far, see `state.loss_definition`; "" if unknown
    """

    tensors: Tensors
    spec: dict
    optimizer: str
    seeds: str
    epochs: int
    guard: dict
    rate: float
    micro_batch: int
    recalls: dict = field(default_factory=dict)
    loss: str = ""


EMPTY = {"hand_over": "best"}
"""Metadata of a file without a state, written by a phase with ``hand_over: best``."""


def state_file(phase: str) -> Path:
    return Path(f"data/models/{phase}-state.safetensors")


def write_hand_over(path: Path, state: HandOver | None) -> None:
    """Write the state, or a file without one, so that a stage has the same outputs whatever its params say."""
    remove_parts(path.parent, path.name)
    facts = {name: value for name, value in vars(state).items() if name != "tensors"} if state else EMPTY
    write_tensors(path, state.tensors if state else {}, facts)


def read_hand_over(path: Path, spec: dict, optimizer: str) -> HandOver | None:
    """Read a file of `write_hand_over`; None without a state. Raises UserError for another model or optimizer."""
    tensors, facts = read_tensors(path)
    if facts == EMPTY:
        return None
    try:
        state = HandOver(tensors, **facts)
    except TypeError as error:
        raise UserError(f"{path}: not a state file of a phase with hand_over: last") from error
    if state.optimizer != optimizer:
        raise UserError(f"{path}: the state of optimizer {state.optimizer}, and this phase's is {optimizer}")
    if of_model(state.spec) != as_json(spec):
        raise UserError(f"{path}: the state of another model than the one to be trained")
    return state


def named_state(model: nn.Module, optimizer: StepOptimizer) -> Tensors:
    """The optimizer's state by parameter name: ``<parameter name>/<slot>``."""
    names, named = _names(model, optimizer), {}
    for key, tensor in optimizer_tensors(optimizer).items():
        number, _, slot = key.partition("/")
        named[f"{names[int(number)]}/{slot}"] = tensor
    return named


def restore_named_state(model: nn.Module, optimizer: StepOptimizer, tensors: Tensors) -> int:
    """Restore a `named_state` for the parameters of this optimizer; returns for how many."""
    numbers = {name: number for number, name in enumerate(_names(model, optimizer))}
    split = {key: key.rpartition("/") for key in tensors}
    own = {f"{numbers[name]}/{slot}": tensors[key] for key, (name, _, slot) in split.items() if name in numbers}
    restore_optimizer(optimizer, own)
    return len({key.partition("/")[0] for key in own})


def restore_hand_over(state: HandOver, model: nn.Module, optimizer: StepOptimizer) -> str:
    """Restore model and optimizer; returns a log line with the number of parameters that have a state.

    Raises UserError if the model differs.
    """
    weights = part(state.tensors, "model")
    if wrong := misfit(weights, model.state_dict()):
        raise UserError(f"the state handed over is of another model: {wrong}")
    model.load_state_dict(weights)
    known = restore_named_state(model, optimizer, part(state.tensors, "optimizer"))
    return f"optimizer state of {known} of {len(_names(model, optimizer))} parameters handed over"


def _names(model: nn.Module, optimizer: StepOptimizer) -> list[str]:
    """Names of the optimizer's parameters, in its order."""
    names = {parameter: name for name, parameter in model.named_parameters()}
    return [names[parameter] for group in optimizer.param_groups for parameter in group["params"]]
