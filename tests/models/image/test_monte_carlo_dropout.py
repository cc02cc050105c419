"""Predictive uncertainty by dropout at test time."""

import math

import pytest
import torch
from torch import nn

from tailwise.models.image.monte_carlo_dropout import dropout_alone, entropy, predictive_uncertainty


class Net(nn.Module):
    def __init__(self, dropout: float):
        super().__init__()
        torch.manual_seed(0)
        self.norm, self.dropout, self.layer = nn.BatchNorm1d(6), nn.Dropout(dropout), nn.Linear(6, 3)

    def forward(self, x):
        return self.layer(self.dropout(self.norm(x)))


X = torch.randn(5, 6, generator=torch.Generator().manual_seed(1))


def found_by(net, passes=20, seed=1):
    return predictive_uncertainty(net, lambda: net(X), passes, seed)


def test_without_dropout_there_is_nothing_that_the_model_does_not_know():
    net = Net(0.0).eval()
    found = found_by(net)
    torch.testing.assert_close(found.probabilities, net(X).softmax(dim=-1))
    torch.testing.assert_close(found.entropy, found.expected_entropy)
    assert found.mutual_information.max() < 1e-6


def test_dropout_lets_the_answers_differ_and_the_parts_add_up():
    found = found_by(Net(0.5).train())
    torch.testing.assert_close(found.entropy, found.expected_entropy + found.mutual_information)
    assert found.mutual_information.min() > 0 and found.entropy.max() <= math.log(3) + 1e-6
    torch.testing.assert_close(found.probabilities.sum(dim=-1), torch.ones(5))


def test_it_follows_from_the_seed_and_leaves_everything_as_it_was():
    net = Net(0.5).train()
    torch.manual_seed(9)
    before, statistics = torch.get_rng_state(), net.norm.running_mean.clone()
    one, again, other = found_by(net), found_by(net), found_by(net, seed=2)
    assert torch.equal(one.entropy, again.entropy) and not torch.equal(one.entropy, other.entropy)
    assert torch.equal(torch.get_rng_state(), before) and net.training and net.dropout.training
    assert torch.equal(net.norm.running_mean, statistics)


def test_only_dropout_is_in_training_mode():
    net = Net(0.5).eval()
    with dropout_alone(net):
        assert net.dropout.training and not net.norm.training and not net.training
    assert not net.dropout.training


def test_entropy_and_refused_passes():
    assert entropy(torch.tensor([[0.5, 0.5, 0.0]])).item() == pytest.approx(math.log(2))
    with pytest.raises(ValueError, match="passes must be at least 2"):
        found_by(Net(0.5), passes=1)
