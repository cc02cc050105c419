"""Evaluates a model whose logits are adjusted for the frequencies of the classes."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

import torch
from torch import nn

from tailwise.core.batch import Decode, Outputs
from tailwise.engine.contract.run import Run
from tailwise.engine.contract.task import Task
from tailwise.engine.evaluate.evaluation import Evaluation, evaluate

TAU = "tau"
"""A head's figure that says how strongly its logits were adjusted; absent where they were not."""


class Adjusted(nn.Module):
    """A model with shifted logits. shifts: {head: (C,)}, added to the head's logits"""

    def __init__(self, model: nn.Module, shifts: Mapping[str, torch.Tensor]):
        super().__init__()
        self.model, self.heads = model, list(shifts)
        for i, shift in enumerate(shifts.values()):
            self.register_buffer(f"shift{i}", shift)

    def forward(self, **inputs: torch.Tensor) -> Outputs:
        outputs = cast(Outputs, self.model(**inputs))
        shifts = {name: cast(torch.Tensor, getattr(self, f"shift{i}")) for i, name in enumerate(self.heads)}
        return outputs | {name: outputs[name].float() + shift for name, shift in shifts.items()}


def evaluate_adjusted(
    task: Task,
    run: Run,
    taus: Mapping[str, float],
    priors: Mapping[str, Sequence[float]],
    decode: Decode | None = None,
) -> Evaluation:
    """`evaluate` with tau * log prior taken from the logits; figures and predictions say so.

    taus: {head: tau}; priors: {head: (C,) log shares of the training labels}
    """
    shifts = {name: torch.tensor([-tau * share for share in priors[name]]) for name, tau in taus.items()}
    found = evaluate(replace(task, model=Adjusted(task.model, shifts)), run, decode)
    figures = {name: {**cast(dict[str, Any], found.figures[name]), TAU: tau} for name, tau in taus.items()}
    marked = {name: replace(found.predictions[name], tau=tau) for name, tau in taus.items()}
    return Evaluation(found.predictions | marked, {**found.figures, **figures})


def taus_in(figures: Mapping[str, Any]) -> dict[str, float]:
    """{head: tau} of the heads whose figures (those of metrics.json) were adjusted."""
    return {name: of_head[TAU] for name, of_head in figures.items() if isinstance(of_head, dict) and TAU in of_head}
