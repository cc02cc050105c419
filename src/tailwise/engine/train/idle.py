"""Parameters that cannot move by construction: of them a gradient of 0 is no fault.

An attention over one view has a gradient of 0 whatever its weights are, and so has what a recurrent layer does with
the step before in sequences of one step. A layer that has died is another matter: other weights bring it back.
So the model is asked with weights, inputs and a gradient at its outputs that are all drawn at random. What has a
gradient of exactly 0 there, too, several times, has one for any weights: an expression that is not 0 everywhere is
exactly 0 at a random place next to never. A layer that is multiplied by a constant 0 counts as one that cannot move.

Shapes, masks and ids of the batch stay as they are.
"""

import torch
from torch import nn

from tailwise.core.batch import Batch
from tailwise.core.tensors import add_up
from tailwise.engine.batches.dry_forward import dry_forward
from tailwise.engine.batches.memory import catch_oom
from tailwise.engine.batches.order import seed_for
from tailwise.engine.contract.phase import train_mode
from tailwise.engine.contract.run import Run
from tailwise.engine.contract.task import Task

DRAWS = 3
"""Times that all is drawn: by chance a part may be saturated, or dropped."""

Named = dict[str, torch.Tensor]


def zero_gradient_parameters(task: Task, run: Run, batches: tuple[list[Batch], object], names: list[str]) -> list[str]:
    """Those of the named parameters that samples like this step's cannot move, in any process; none if memory runs out.

    batches: the step's micro-batches, of which the first is looked at. Afterwards the model is in training mode.
    """
    indices = [index for batch in batches[0][:1] for index in batch.index.tolist()]
    found = catch_oom(lambda: _idle(task, run, indices, names) if indices else names)
    train_mode(task.model)
    shares = run.world.gather(found)
    return [name for name in names if all(share is not None and name in share for share in shares)]


def _idle(task: Task, run: Run, indices: list[int], names: list[str]) -> list[str]:
    left = list(names)
    with dry_forward(task, run, indices) as batch, run.autocast():
        torch.manual_seed(seed_for(run.training.seed, f"{run.name} idle", 0))
        for _ in range(DRAWS):
            inputs = {name: _drawn_input(value) for name, value in batch.inputs.items()}
            state = drawn_state(task.model)
            left = _without_gradient(task.model, state, inputs, left) if left else left
    return left


def drawn_state(model: nn.Module) -> Named:
    """Parameters and buffers at which signals neither die nor grow much: He's weights, scales and offsets around 1.

    Source of the factor: https://arxiv.org/abs/1502.01852, eq. 10
    """
    state = {name: buffer.clone() for name, buffer in model.named_buffers()}
    for name, part in model.named_modules():
        if isinstance(part, nn.modules.batchnorm._NormBase) and part.running_mean is not None:
            prefix = f"{name}." if name else ""
            state[f"{prefix}running_mean"].zero_()
            state[f"{prefix}running_var"].fill_(1.0)
    for name, parameter in model.named_parameters():
        if parameter.ndim > 1:
            drawn = torch.randn_like(parameter) * (2 / parameter[0].numel()) ** 0.5
        else:
            drawn = 0.5 + torch.rand_like(parameter)
        state[name] = drawn.detach()
    return state


def _drawn_input(value: torch.Tensor) -> torch.Tensor:
    """Numbers of about the same size, where they are measured values; the others as they are."""
    if not isinstance(value, torch.Tensor) or not (value.is_floating_point() or value.dtype == torch.uint8):
        return value
    size = value.abs().amax() if value.numel() else 1
    return (torch.rand_like(value, dtype=torch.float32) * (size if size > 0 else 1.0)).to(value.dtype)


def _without_gradient(model: nn.Module, state: Named, inputs: Named, names: list[str]) -> list[str]:
    """Those whose gradient is 0 for a random gradient at the outputs."""
    asked = {name: state[name].requires_grad_() for name in names}
    inner = {f"model.{name}": tensor for name, tensor in state.items()}
    gradients = torch.func.functional_call(_Backward(model), inner, (inputs, list(asked.values())))
    return [name for name, gradient in zip(asked, gradients) if gradient is None or not gradient.any()]


class _Backward(nn.Module):
    """Forward and backward at once: what is computed again in the backward pass must meet the drawn weights, too."""

    def __init__(self, model: nn.Module):
        super().__init__()
        self.model = model

    def forward(self, inputs: Named, asked: list[torch.Tensor]) -> tuple[torch.Tensor | None, ...]:
        outputs = self.model(**inputs).values()
        value = add_up((logits * torch.randn_like(logits)).sum() for logits in outputs)
        if not value.requires_grad:
            return (None,) * len(asked)
        return torch.autograd.grad(value, asked, allow_unused=True)
