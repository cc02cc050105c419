"""Parameter groups, the optimizer interface of the loop, and a faster start of torch's optimizers."""

from collections.abc import Callable, MutableMapping
from inspect import unwrap
from typing import Any, Protocol

import torch
from torch.optim import Optimizer

Groups = list[dict[str, Any]]
"""torch's parameter groups, with "params" and "rate", a factor on the phase's lr; some have a "weight_decay"."""


class StepOptimizer(Protocol):
    """The optimizer interface of the loop: a torch optimizer, or a wrapper such as SAM."""

    @property
    def param_groups(self) -> Groups: ...

    @property
    def state(self) -> MutableMapping[torch.Tensor, Any]:
        """Each parameter's slots, empty before the first step."""
        ...

    def zero_grad(self) -> None: ...

    def state_dict(self) -> dict[str, Any]: ...

    def load_state_dict(self, state_dict: dict[str, Any], /) -> None: ...

    def step(self, closure: Callable[[], Any], /) -> Any:
        """Update the parameters. `closure` computes gradients and returns the loss, (); torch types it as float."""
        ...


def split_decay(groups: Groups, weight_decay: float) -> Groups:
    """Weight decay for parameters with two dimensions or more, so not for biases and norms.

    weight_decay: of the groups that have none of their own
    """
    split: Groups = []
    for group in groups:
        decay = group.get("weight_decay", weight_decay)
        decayed = [p for p in group["params"] if p.ndim > 1]
        plain = [p for p in group["params"] if p.ndim <= 1]
        split.append({**group, "params": decayed, "weight_decay": decay})
        split.append({**group, "params": plain, "weight_decay": 0.0})
    return [group for group in split if group["params"]]


def check_decay(weight_decay: float) -> None:
    """Raise ValueError for a negative weight decay."""
    if weight_decay < 0:
        raise ValueError(f"weight_decay must not be negative, found {weight_decay:g}")


class QuickStart:
    """Mixin before a torch optimizer: the same results, without importing torch's compiler. Not for `differentiable`.

    torch wraps these methods to keep its compiler out of them; the first call imports the compiler: 1.2 s of each
    training's start on an idle core, 3.3 s on a busy one. A subclass must unwrap its `step` too.
    """

    add_param_group = unwrap(Optimizer.add_param_group)
    zero_grad = unwrap(Optimizer.zero_grad)
    state_dict = unwrap(Optimizer.state_dict)
    load_state_dict = unwrap(Optimizer.load_state_dict)
