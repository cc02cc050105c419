"""SAM evaluates the closure twice per step, without changes in the loop."""

import pytest
import torch

from support.helpers import HEADS, Linear, make_phase, make_run, make_table, make_task
from tailwise.engine.train.loop import train_phase
from tailwise.optim.sam import SAM
from tailwise.optim.sgd import SGD

PLAIN = SGD("sgd", 0.0, momentum=0.0)


def gradients(model, table):
    outputs = model(table.inputs["x"])
    loss = sum(torch.nn.functional.cross_entropy(outputs[head.name], table.targets[head.name]) for head in HEADS)
    return torch.autograd.grad(loss, list(model.parameters()))


def move(model, values):
    for parameter, value in zip(model.parameters(), values):
        parameter.data.copy_(value)


@pytest.mark.parametrize("accumulate", [1, 4])
def test_one_step_is_the_gradient_at_the_climbed_point(accumulate):
    table, run = make_table(16), make_run(batch_size=16, accumulate=accumulate)
    table.inputs["x"] = table.inputs["x"].double()
    task = make_task(Linear(5, HEADS).double(), table, table)
    start = [p.detach().clone() for p in task.model.parameters()]
    trained = train_phase(task, make_phase(epochs=1, lr=0.5, optimizer=SAM("sam", PLAIN, rho=0.7)), range(16), {}, run)

    hand = Linear(5, HEADS).double()
    move(hand, start)
    first = gradients(hand, table)
    length = torch.cat([g.flatten() for g in first]).norm()
    move(hand, [s + 0.7 * g / length for s, g in zip(start, first)])
    for name, s, g, g_plain in zip(trained.weights, start, gradients(hand, table), first):
        torch.testing.assert_close(trained.weights[name], s - 0.5 * g, rtol=0, atol=1e-12)
        assert not torch.allclose(trained.weights[name], s - 0.5 * g_plain, atol=1e-4)


def test_both_evaluations_see_the_same_dropout():
    masks = []
    model = Linear(5, HEADS, dropout=0.5)
    model.dropout.register_forward_hook(lambda part, given, out: masks.append(out == 0) if part.training else None)
    train_phase(make_task(model), make_phase(epochs=1, optimizer=SAM("sam", PLAIN, rho=0.1)), range(24), {}, make_run())
    calls = len(HEADS)
    first, second, later = masks[:calls], masks[calls : 2 * calls], masks[2 * calls : 3 * calls]
    assert all(map(torch.equal, first, second)) and not all(map(torch.equal, first, later))
