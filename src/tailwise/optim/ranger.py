"""Ranger: rectified Adam on centralised gradients, with lookahead.

    g <- g - mean of g over all dimensions but the first     gradient centralisation, https://arxiv.org/abs/2004.01461
    w <- RAdam(w, g)                                         https://arxiv.org/abs/1908.03265, algorithm 2
    every k steps: s <- s + alpha * (w - s); w <- s          lookahead, https://arxiv.org/abs/1907.08610, algorithm 1

The combination and its defaults: https://github.com/lessw2020/Ranger-Deep-Learning-Optimizer
"""

# torch leaves `step` without types.
# pyright: reportUnknownMemberType=false, reportUnknownArgumentType=false

from collections.abc import Callable
from dataclasses import dataclass
from inspect import unwrap
from typing import Any, Literal

import torch

from tailwise.optim.groups import Groups, QuickStart, check_decay, split_decay


def centralise(gradient: torch.Tensor) -> torch.Tensor:
    """The gradient minus its mean over all dimensions but the first; unchanged with fewer than two dimensions."""
    if gradient.ndim < 2:
        return gradient
    return gradient - gradient.mean(dim=tuple(range(1, gradient.ndim)), keepdim=True)


class RangerOptimizer(QuickStart, torch.optim.RAdam):
    """k, alpha: the slow weights move every k steps, by this fraction of the distance to the weights.

    The state of a parameter is RAdam's and ``slow``, (shape of the parameter); steps are counted by RAdam's ``step``.
    """

    _radam = unwrap(torch.optim.RAdam.step)

    def __init__(self, groups: Groups, lr: float, k: int, alpha: float):
        self.k, self.alpha = k, alpha
        super().__init__(groups, lr=lr, betas=(0.95, 0.999), eps=1e-5, decoupled_weight_decay=True)

    @torch.no_grad()
    def step(  # pyright: ignore[reportIncompatibleMethodOverride]  # torch types a loss as float
        self, closure: Callable[[], torch.Tensor]
    ) -> torch.Tensor:
        with torch.enable_grad():
            loss = closure()
        moving = [p for group in self.param_groups for p in group["params"] if p.grad is not None]
        for parameter in moving:
            parameter.grad.copy_(centralise(parameter.grad))
        first = {parameter: parameter.clone() for parameter in moving if not self.state.get(parameter)}
        self._radam()
        for parameter in moving:
            self._look_ahead(parameter, self.state[parameter], first)
        return loss

    def _look_ahead(
        self, parameter: torch.Tensor, state: dict[str, Any], first: dict[torch.Tensor, torch.Tensor]
    ) -> None:
        if parameter in first:
            state["slow"] = first[parameter]
        if int(state["step"]) % self.k == 0:
            parameter.copy_(state["slow"].lerp_(parameter, self.alpha))


@dataclass(frozen=True)
class Ranger:
    """Rectified Adam on centralised gradients, with lookahead. Needs no warm-up.

    weight_decay: applied to parameters with two or more dimensions, decoupled as in AdamW
    k: steps between updates of the slow weights
    alpha: fraction of the distance by which they move, in (0, 1]
    """

    kind: Literal["ranger"]
    weight_decay: float
    k: int = 6
    alpha: float = 0.5

    def __post_init__(self):
        check_decay(self.weight_decay)
        if self.k < 1 or not 0 < self.alpha <= 1:
            raise ValueError(f"k must be at least 1 and alpha in (0, 1], found {self.k}, {self.alpha:g}")

    def build(self, groups: Groups, lr: float) -> torch.optim.Optimizer:
        return RangerOptimizer(split_decay(groups, self.weight_decay), lr, self.k, self.alpha)
