"""What a step begins with."""

from dataclasses import replace

import pytest
import torch

from support.helpers import CPU, make_phase, make_run, make_task, summed_loss
from tailwise.core.errors import UserError
from tailwise.engine.train.loop import train_phase
from tailwise.engine.train.step import seed_device
from tailwise.optim.sgd import SGD


def test_what_is_drawn_on_a_processor_is_what_torch_draws_by_the_seed():
    for seed in (0, 7, 2**63 - 1):
        torch.manual_seed(seed)
        drawn = torch.rand(3), torch.nn.functional.dropout(torch.ones(50), 0.5)
        seed_device(CPU, seed)
        again = torch.rand(3), torch.nn.functional.dropout(torch.ones(50), 0.5)
        assert all(map(torch.equal, drawn, again))


def with_twin(weights: dict[str, float], lr: float) -> dict[str, torch.Tensor]:
    """Weights after an epoch of SGD on the heads' losses and on an auxiliary one that is their sum."""

    def loss(outputs, batch, boost):
        sums = summed_loss(outputs, batch, boost)
        return {**sums, "twin": torch.stack(list(sums.values())).sum()}

    torch.manual_seed(0)
    task = replace(make_task(loss=loss), auxiliary=("twin",))
    phase = make_phase(epochs=1, lr=lr, optimizer=SGD("sgd", 0.0, momentum=0.0), loss_weights=weights)
    return train_phase(task, phase, range(24), {}, make_run()).weights


@pytest.mark.parametrize("weight", [0.0, 0.5, 2.0])
def test_an_auxiliary_loss_counts_by_its_weight(weight):
    plain, scaled = with_twin({}, 1e-2), with_twin({"twin": weight}, 1e-2 / (1 + weight))
    for name, tensor in plain.items():
        torch.testing.assert_close(scaled[name], tensor, rtol=0, atol=1e-6)


def test_the_loss_of_a_head_counts_by_its_weight():
    head, twice = make_task().heads[0].name, with_twin({}, 1e-2)
    assert any(not torch.equal(t, twice[name]) for name, t in with_twin({head: 2.0}, 1e-2).items())


def test_a_loss_that_the_task_lacks_is_refused():
    with pytest.raises(UserError, match="loss_weights.triplet: the task has no such loss; it has "):
        with_twin({"triplet": 1.0}, 1e-2)
