"""Preconditions of a step."""

import torch

from support.helpers import CPU
from tailwise.engine.train.step import seed_device


def test_what_is_drawn_on_a_processor_is_what_torch_draws_by_the_seed():
    for seed in (0, 7, 2**63 - 1):
        torch.manual_seed(seed)
        drawn = torch.rand(3), torch.nn.functional.dropout(torch.ones(50), 0.5)
        seed_device(CPU, seed)
        again = torch.rand(3), torch.nn.functional.dropout(torch.ones(50), 0.5)
        assert all(map(torch.equal, drawn, again))
