"""Sharpness-aware minimisation: updates with the gradient at the worst nearby point.

    e = rho * g(w) / |g(w)|,    w <- base optimizer(w, g(w + e))

Source: https://arxiv.org/abs/2010.01412, algorithm 1
"""

# torch does not list its _foreach functions, and leaves `vector_norm` and `step` without types.
# pyright: reportPrivateImportUsage=false, reportPrivateUsage=false, reportUnknownMemberType=false

from collections.abc import Callable, MutableMapping
from dataclasses import dataclass
from typing import Any, Literal, cast

import torch

from tailwise.optim.adamw import AdamW
from tailwise.optim.groups import Groups
from tailwise.optim.ranger import Ranger
from tailwise.optim.sgd import SGD


def climb(gradients: list[torch.Tensor], rho: float) -> list[torch.Tensor]:
    """rho * g / |g|, with the norm over all gradients together."""
    norm = cast(torch.Tensor, torch.linalg.vector_norm(torch.stack(torch._foreach_norm(gradients))))
    return list(torch._foreach_mul(gradients, rho / (norm + 1e-12)))


class SAMOptimizer:
    """Wraps a base optimizer and shares its parameter groups and state. Evaluates the closure twice per step.

    Both evaluations update batch norm statistics. If the closure raises, the weights are restored.
    """

    def __init__(self, base: torch.optim.Optimizer, rho: float):
        self.base, self.rho = base, rho

    @property
    def param_groups(self) -> Groups:
        return self.base.param_groups

    @property
    def state(self) -> MutableMapping[torch.Tensor, Any]:
        return self.base.state

    def zero_grad(self) -> None:
        self.base.zero_grad()

    def state_dict(self) -> dict[str, Any]:
        return self.base.state_dict()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.base.load_state_dict(state)

    @torch.no_grad()
    def step(self, closure: Callable[[], torch.Tensor]) -> torch.Tensor:
        """Returns the loss of the first evaluation, at the unperturbed weights."""
        with torch.enable_grad():
            loss = closure()
        moving = [p for group in self.param_groups for p in group["params"] if p.grad is not None]
        kept = [parameter.clone() for parameter in moving]
        try:
            torch._foreach_add_(moving, climb([p.grad for p in moving], self.rho))
            with torch.enable_grad():
                closure()
        finally:
            torch._foreach_copy_(moving, kept)
        return cast(torch.Tensor, self.base.step(cast(Any, lambda: loss)))  # torch types a loss as float


@dataclass(frozen=True)
class SAM:
    """SAM around a base optimizer; each step costs two evaluations.

    rho: distance of the worst point, in the norm over all trainable weights
    base: the optimizer that updates the weights
    """

    kind: Literal["sam"]
    base: AdamW | SGD | Ranger
    rho: float = 0.05

    def __post_init__(self):
        if self.rho <= 0:
            raise ValueError(f"rho must be positive, found {self.rho:g}; without it, use its base")

    def build(self, groups: Groups, lr: float) -> SAMOptimizer:
        return SAMOptimizer(self.base.build(groups, lr), self.rho)
