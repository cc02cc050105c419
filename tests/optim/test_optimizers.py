"""Optimizers against torch's own and against hand-written steps; their state comes back to the last bit."""

import pytest
import torch
from torch import nn

from support.helpers import HEADS, Linear, same
from tailwise.engine.checkpoint.backup import StepBackup
from tailwise.engine.checkpoint.snapshot import restore, snapshot
from tailwise.engine.contract.phase import rate_groups
from tailwise.optim.adamw import AdamW
from tailwise.optim.kinds import optimizer_name
from tailwise.optim.ranger import Ranger, centralise
from tailwise.optim.sam import SAM, climb
from tailwise.optim.sgd import SGD

KINDS = {
    "adamw": AdamW("adamw", 0.1),
    "sgd": SGD("sgd", 0.1),
    "nesterov": SGD("sgd", 0.1, nesterov=True),
    "plain": SGD("sgd", 0.0, momentum=0.0),
    "ranger": Ranger("ranger", 0.1, k=3),
    "sam": SAM("sam", SGD("sgd", 0.1), rho=0.1),
    "sam of ranger": SAM("sam", Ranger("ranger", 0.1, k=2), rho=0.1),
}


def built(kind, lr=0.05):
    model = Linear(5, HEADS).double()
    return model, kind.build(rate_groups(model, ()), lr)


def loss_of(model, number):
    """A loss whose curvature differs from step to step."""
    generator = torch.Generator().manual_seed(number)
    return sum(
        (torch.randn(p.shape, generator=generator, dtype=p.dtype) * (p - 1) ** 2).sum() for p in model.parameters()
    )


def steps(model, optimizer, numbers):
    for number in numbers:

        def closure(number=number):
            optimizer.zero_grad()
            (loss := loss_of(model, number)).backward()
            return loss

        assert optimizer.step(closure).requires_grad
    return snapshot(model, optimizer)


def model_of(tensors):
    return {name: t for name, t in tensors.items() if "model" in name}


def reference(make, numbers):
    model = Linear(5, HEADS).double()
    weights = [p for p in model.parameters() if p.ndim > 1]
    groups = [{"params": weights, "weight_decay": 0.1}, {"params": [p for p in model.parameters() if p.ndim < 2]}]
    return model_of(steps(model, make(groups), numbers))


@pytest.mark.parametrize("nesterov", [False, True])
def test_sgd_is_torchs(nesterov):
    found = steps(*built(SGD("sgd", 0.1, nesterov=nesterov)), range(9))
    wanted = reference(lambda groups: torch.optim.SGD(groups, lr=0.05, momentum=0.9, nesterov=nesterov), range(9))
    assert same(model_of(found), wanted)


def test_ranger_that_never_looks_ahead_is_torchs_radam_on_centralised_gradients():
    class Reference(torch.optim.RAdam):
        def step(self, closure):
            loss = closure()
            for p in [p for group in self.param_groups for p in group["params"]]:
                p.grad = p.grad - p.grad.mean(dim=1, keepdim=True) if p.ndim == 2 else p.grad
            super().step()
            return loss

    found = steps(*built(Ranger("ranger", 0.1, k=100)), range(12))
    how = {"betas": (0.95, 0.999), "eps": 1e-5, "decoupled_weight_decay": True}
    wanted = reference(lambda groups: Reference(groups, lr=0.05, **how), range(12))
    assert same(model_of(found), wanted)


def test_every_k_steps_the_slow_weights_move_and_the_weights_are_they():
    (far, without), (near, ranger) = built(Ranger("ranger", 0.0, k=100)), built(Ranger("ranger", 0.0, k=4, alpha=0.25))
    first = [p.detach().clone() for p in far.parameters()]
    steps(near, ranger, range(3))
    steps(far, without, range(3))
    assert all(map(torch.equal, near.parameters(), far.parameters()))
    steps(near, ranger, [3])
    steps(far, without, [3])
    for slow, fast, start in zip(near.parameters(), far.parameters(), first, strict=True):
        torch.testing.assert_close(slow, start + 0.25 * (fast - start))
        assert torch.equal(ranger.state[slow]["slow"], slow)


def test_centralised_gradients_have_mean_0_along_each_output():
    gradient = torch.arange(12.0).reshape(2, 3, 2)
    assert centralise(gradient).mean(dim=(1, 2)).tolist() == [0.0, 0.0]
    assert torch.equal(centralise(gradient[0, 0]), gradient[0, 0])


def test_a_climb_is_rho_long():
    climbs = climb([torch.tensor([3.0, 0.0]), torch.tensor([[4.0]])], 0.5)
    assert [c.flatten().tolist() for c in climbs] == [pytest.approx([0.3, 0.0]), pytest.approx([0.4])]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("at", [0, 1, 4])
def test_the_state_is_tensors_and_comes_back_to_the_last_bit(kind, at):
    """As a file keeps it: nothing but tensors by name."""
    straight = steps(*built(KINDS[kind]), range(9))
    model, optimizer = built(KINDS[kind])
    kept = steps(model, optimizer, range(at))
    for slots in optimizer.state.values():
        assert all(isinstance(value, torch.Tensor) for value in slots.values())
    model, optimizer = built(KINDS[kind])
    restore(kept, model, optimizer)
    assert same(steps(model, optimizer, range(at, 9)), straight)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("done", [0, 1, 5])
@pytest.mark.parametrize("failing", [1, 2])
def test_a_step_whose_closure_raises_leaves_all_as_it_was(kind, done, failing):
    """SAM evaluates it twice, the others once."""
    model, optimizer = built(KINDS[kind])
    before, calls = steps(model, optimizer, range(done)), []
    backup = StepBackup(model, list(model.parameters()), optimizer)
    backup.keep()

    def closure():
        calls.append(0)
        if len(calls) == failing:
            raise ValueError
        optimizer.zero_grad()
        (loss := loss_of(model, done)).backward()
        return loss

    try:
        optimizer.step(closure)
    except ValueError:
        assert same(model_of(snapshot(model, optimizer)), model_of(before))
        backup.restore()
    else:
        assert failing == 2 and "sam" not in kind
        backup.restore()
    assert same(snapshot(model, optimizer), before)
    assert same(steps(model, optimizer, range(done, done + 3)), steps(*built(KINDS[kind]), range(done + 3)))


@pytest.mark.parametrize("kind", KINDS)
def test_a_parameter_without_a_gradient_stays(kind):
    model, optimizer = built(KINDS[kind])
    first = model.heads["size"].weight.detach().clone()

    def closure():
        optimizer.zero_grad()
        (loss := (model.heads["colour"].weight ** 2).sum()).backward()
        return loss

    optimizer.step(closure)
    assert torch.equal(model.heads["size"].weight, first)


def test_decay_spares_biases_and_norms():
    model = nn.Sequential(nn.Linear(3, 3), nn.LayerNorm(3), nn.Conv1d(3, 3, 1))
    for kind in (AdamW("adamw", 0.1), SGD("sgd", 0.1), Ranger("ranger", 0.1), SAM("sam", AdamW("adamw", 0.1))):
        groups = kind.build(rate_groups(model, ()), 1e-3).param_groups
        assert [(g["weight_decay"], {p.ndim for p in g["params"]}) for g in groups] == [(0.1, {2, 3}), (0.0, {1})]


def test_a_name_says_whose_state_it_is():
    assert [optimizer_name(KINDS[kind]) for kind in ("ranger", "sam")] == ["ranger", "sam of sgd"]


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: AdamW("adamw", -0.1),
        lambda: SGD("sgd", -0.1),
        lambda: SGD("sgd", 0.0, momentum=1.0),
        lambda: SGD("sgd", 0.0, momentum=0.0, nesterov=True),
        lambda: Ranger("ranger", 0.0, k=0),
        lambda: Ranger("ranger", 0.0, alpha=0.0),
        lambda: SAM("sam", SGD("sgd", 0.0), rho=0.0),
    ],
)
def test_impossible_values_are_refused(wrong):
    with pytest.raises(ValueError):
        wrong()


@pytest.mark.parametrize("kind", ["adamw", "sgd", "ranger"])
def test_a_failing_step_forgets_the_state_of_the_parameters_that_had_none(kind):
    """A state handed over by a phase in which a part was frozen: memory may run out while that of the part is made."""
    model, optimizer = built(KINDS[kind])
    for parameter in list(model.parameters())[:2]:
        parameter.grad = torch.ones_like(parameter)
    optimizer.step(lambda: torch.zeros(()))
    before, backup = snapshot(model, optimizer), StepBackup(model, list(model.parameters()), optimizer)
    with pytest.raises(MemoryError), backup.restore_on_error():
        steps(model, optimizer, range(1))
        raise MemoryError
    assert same(snapshot(model, optimizer), before)
