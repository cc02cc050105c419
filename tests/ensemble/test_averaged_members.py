"""The average of members as one model."""

import math

import pytest
import torch
from torch import nn

from tailwise.ensemble.averaged import Averaged


class Fixed(nn.Module):
    """Gives the same outputs for any input."""

    def __init__(self, **outputs):
        super().__init__()
        self.outputs = {name: torch.tensor(value) for name, value in outputs.items()}

    def forward(self, **inputs):
        return self.outputs


def test_probabilities_are_averaged_and_other_outputs_as_they_are():
    sure = Fixed(label=[[math.log(9.0), 0.0]], attention=[[1.0, 0.0]])
    other = Fixed(label=[[0.0, math.log(3.0)]], attention=[[0.0, 1.0]])
    found = Averaged([sure, other], [0.25, 0.75], ["label"])(x=torch.zeros(1))
    torch.testing.assert_close(
        found["label"].exp(), torch.tensor([[0.25 * 0.9 + 0.75 * 0.25, 0.25 * 0.1 + 0.75 * 0.75]])
    )
    torch.testing.assert_close(found["attention"], torch.tensor([[0.25, 0.75]]))


def test_a_probability_that_every_member_rounds_to_0_keeps_a_finite_logarithm():
    found = Averaged([Fixed(label=[[0.0, -800.0]])] * 2, [0.5, 0.5], ["label"])()["label"]
    assert found[0, 1].item() == pytest.approx(-800.0)


def test_an_output_that_not_all_have_in_one_shape_is_left_out():
    members = [Fixed(label=[[0.0, 1.0]], attention=[[1.0]]), Fixed(label=[[0.0, 1.0]], attention=[[1.0, 2.0]])]
    assert set(Averaged(members, [0.5, 0.5], ["label"])()) == {"label"}
