"""Copies of a model and its optimizer on the processor, and going back to them."""

import torch
from torch import nn

from tailwise.optim.groups import StepOptimizer

Tensors = dict[str, torch.Tensor]


def copied(tensors: Tensors) -> Tensors:
    return {name: tensor.detach().cpu().clone() for name, tensor in tensors.items()}


def snapshot(model: nn.Module, optimizer: StepOptimizer) -> Tensors:
    """Copies of both, each tensor under its owner's name: ``model/...``, ``optimizer/...``."""
    groups = {"model": model.state_dict(), "optimizer": optimizer_tensors(optimizer)}
    return copied({f"{group}/{name}": t for group, named in groups.items() for name, t in named.items()})


def restore(tensors: Tensors, model: nn.Module, optimizer: StepOptimizer) -> None:
    """Set what `snapshot` gave."""
    model.load_state_dict(part(tensors, "model"))
    restore_optimizer(optimizer, part(tensors, "optimizer"))


def part(tensors: Tensors, group: str) -> Tensors:
    """The model's or the optimizer's, under their own names."""
    return {name.removeprefix(f"{group}/"): t for name, t in tensors.items() if name.startswith(f"{group}/")}


def load_fitting(model: nn.Module, tensors: Tensors) -> tuple[int, int]:
    """Load those that the model has by name and shape; returns their number, and how many the model has."""
    own = model.state_dict()
    fitting = {name: t for name, t in tensors.items() if name in own and own[name].shape == t.shape}
    model.load_state_dict({**own, **fitting})
    return len(fitting), len(own)


def optimizer_tensors(optimizer: StepOptimizer) -> Tensors:
    """The optimizer's state as tensors named ``<parameter number>/<slot>``."""
    state = optimizer.state_dict()["state"]
    named = {f"{i}/{slot}": value for i, slots in state.items() for slot, value in slots.items()}
    return {name: value for name, value in named.items() if isinstance(value, torch.Tensor)}


def restore_optimizer(optimizer: StepOptimizer, tensors: Tensors) -> None:
    """Set what `optimizer_tensors` gave; a copy, for the optimizer goes on writing into its own.

    What has its parameter's shape gets its layout, too, as files keep none: another layout may round otherwise.
    """
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    state: dict[int, Tensors] = {}
    for name, tensor in tensors.items():
        number, _, slot = name.partition("/")
        state.setdefault(int(number), {})[slot] = _like(parameters[int(number)], tensor)
    optimizer.load_state_dict({**optimizer.state_dict(), "state": state})


def _like(parameter: nn.Parameter, tensor: torch.Tensor) -> torch.Tensor:
    if tensor.shape != parameter.shape:
        return tensor.clone()
    return torch.empty_like(parameter, dtype=tensor.dtype).copy_(tensor)
