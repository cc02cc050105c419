"""torch's optimizers without torch's compiler: the same digits, a quicker start."""

import subprocess
import sys

import pytest
import torch

from support.helpers import make_task, same
from tailwise.engine.checkpoint.snapshot import restore, snapshot
from tailwise.optim.adamw import QuickAdamW

TRAINS = """
import sys, torch
from tailwise.optim.kinds import AdamW, Ranger, SAM, SGD
from support.helpers import make_phase, make_run, make_task
from tailwise.engine.train.loop import train_phase
for kind in (AdamW("adamw", 0.1), Ranger("ranger", 0.1), SAM("sam", SGD("sgd", 0.1))):
    train_phase(make_task(), make_phase(epochs=1, optimizer=kind), range(12), {}, make_run())
sys.exit("torch._dynamo" in sys.modules)
"""


def steps(model, optimizer, count):
    generator = torch.Generator().manual_seed(1)
    for _ in range(count):
        optimizer.zero_grad()
        sum((p * torch.randn(p.shape, generator=generator)).sum() for p in model.parameters()).backward()
        optimizer.step()
    return snapshot(model, optimizer)


@pytest.mark.parametrize("groups", [1, 2])
def test_every_digit_is_torchs(groups):
    ended = []
    for kind in (torch.optim.AdamW, QuickAdamW):
        model = make_task().model
        parameters = list(model.parameters())
        optimizer = kind(parameters[:groups], lr=0.1, weight_decay=0.01)
        if rest := parameters[groups:]:
            optimizer.add_param_group({"params": rest, "lr": 0.02, "weight_decay": 0.0})
        kept = steps(model, optimizer, 3)
        steps(model, optimizer, 2)
        restore(kept, model, optimizer)
        ended.append(steps(model, optimizer, 4))
    assert same(*ended)


def test_a_step_records_no_gradient_of_itself_and_asks_a_closure_with_gradients():
    parameter = torch.nn.Parameter(torch.ones(3))
    optimizer = QuickAdamW([parameter], lr=0.1)

    def closure():
        assert torch.is_grad_enabled()
        (loss := (parameter**2).sum()).backward()
        return loss

    assert optimizer.step(closure).item() == 3.0
    assert parameter.is_leaf and torch.is_grad_enabled() and not torch.equal(parameter, torch.ones(3))


def test_training_does_not_load_torchs_compiler(request):
    """A process of its own, for here others may have loaded it."""
    path = [str(request.path.parents[1]), *sys.path]
    subprocess.run([sys.executable, "-c", f"import sys; sys.path[:] = {path!r}\n{TRAINS}"], check=True)
