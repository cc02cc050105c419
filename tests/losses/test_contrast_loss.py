"""NT-Xent against its definition, and its properties."""

import math

import pytest
import torch

from tailwise.losses.image.contrast import nt_xent, partner_is_nearest


def views(n=5, seed=0):
    return torch.randn(n, 2, 4, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def by_hand(of, temperature):
    """Equation 1 for each of 2N views, the mean of each pair."""
    flat = [view / view.norm() for sample in of for view in sample]
    losses = []
    for i, one in enumerate(flat):
        scores = {j: math.exp(float(one @ other) / temperature) for j, other in enumerate(flat) if j != i}
        losses.append(-math.log(scores[i + 1 if i % 2 == 0 else i - 1] / sum(scores.values())))
    return [(losses[i] + losses[i + 1]) / 2 for i in range(0, len(losses), 2)]


@pytest.mark.parametrize("temperature", [0.1, 1.0])
def test_it_is_the_equation(temperature):
    found = nt_xent(views(), torch.zeros(5, dtype=torch.int64), temperature)
    assert found.tolist() == pytest.approx(by_hand(views(), temperature), rel=1e-5)


def test_groups_are_compared_within_themselves():
    groups = torch.tensor([0, 1, 0, 1, 0])
    found = nt_xent(views(), groups, 0.5)
    for group in (0, 1):
        some = groups == group
        torch.testing.assert_close(found[some], nt_xent(views()[some], groups[some], 0.5))
    assert nt_xent(views(1), torch.zeros(1, dtype=torch.int64), 0.5).tolist() == [0]


def test_equal_views_cost_least_and_equal_samples_most():
    none = torch.zeros(4, dtype=torch.int64)
    apart = torch.eye(4)[:, None].repeat(1, 2, 1)
    assert nt_xent(apart, none, 0.05).max() < 1e-6
    assert nt_xent(torch.ones(4, 2, 4), none, 0.05).tolist() == pytest.approx([math.log(7)] * 4, rel=1e-5)
    assert partner_is_nearest(apart, none).all() and partner_is_nearest(apart.flip(0), none).all()
    assert not partner_is_nearest(torch.stack([apart[:, 0], apart[:, 0].roll(1, 0)], dim=1), none).any()


def test_the_length_of_an_embedding_does_not_matter():
    none = torch.zeros(5, dtype=torch.int64)
    torch.testing.assert_close(nt_xent(7 * views(), none, 0.3), nt_xent(views(), none, 0.3))
