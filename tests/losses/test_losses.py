"""Losses against torch, and their scale."""

import pytest
import torch
import torch.nn.functional as F

from tailwise.core.heads import IGNORE
from tailwise.losses.head.boost import ClassBoost, boosted_cross_entropy, class_weights
from tailwise.losses.head.cross_entropy import cross_entropy

WEIGHT = torch.tensor([1.0, 2.5, 0.5, 1.0])


def case(*shape):
    generator = torch.Generator().manual_seed(0)
    logits = 3 * torch.randn(*shape, 4, generator=generator, dtype=torch.float64)
    targets = torch.randint(0, 4, shape, generator=generator)
    targets.view(-1)[::3] = IGNORE
    return logits, targets


@pytest.mark.parametrize("shape", [(7,), (1,), (5, 6)], ids=str)
def test_plain_cross_entropy_is_torchs_times_the_labels(shape):
    logits, targets = case(*shape)
    if (targets == IGNORE).all():
        targets[:] = 2
    expected = F.cross_entropy(logits.flatten(0, -2), targets.flatten(), ignore_index=IGNORE)
    torch.testing.assert_close(cross_entropy(logits, targets) / (targets != IGNORE).sum(), expected)


def test_weights_multiply_each_sample_by_its_class():
    logits, targets = case(5, 6)
    known = targets != IGNORE
    each = F.cross_entropy(logits[known], targets[known], reduction="none")
    expected = (WEIGHT.double()[targets[known]] * each).sum()
    torch.testing.assert_close(cross_entropy(logits, targets, WEIGHT.double()), expected)


def test_sums_add_up_over_parts():
    logits, targets = case(12)
    parts = cross_entropy(logits[:5], targets[:5], WEIGHT.double()) + cross_entropy(
        logits[5:], targets[5:], WEIGHT.double()
    )
    torch.testing.assert_close(cross_entropy(logits, targets, WEIGHT.double()), parts)


def test_without_a_label_the_sum_is_zero_and_so_is_its_gradient():
    logits = torch.randn(3, 4, requires_grad=True)
    total = cross_entropy(logits, torch.full((3,), IGNORE))
    total.backward()
    assert total.item() == 0 and not logits.grad.any()


@pytest.mark.parametrize("counts", [[100, 10, 1], [5, 5, 5], [7, 0, 3]])
def test_weights_have_mean_one_over_the_samples_and_keep_the_boosts_ratios(counts):
    boost, counts = torch.tensor([1.0, 3.0, 5.0]), torch.tensor(counts, dtype=torch.float32)
    weights = class_weights(boost, counts)
    assert ((weights * counts).sum() / counts.sum()).item() == pytest.approx(1)
    torch.testing.assert_close(weights / weights[0], boost)
    torch.testing.assert_close(ClassBoost(boost, counts).weights(), weights)


def test_without_samples_the_boost_stands():
    boost = torch.tensor([1.0, 3.0])
    assert torch.equal(class_weights(boost, torch.zeros(2)), boost)


def test_equal_boosts_change_nothing():
    logits, targets = case(9)
    weights = class_weights(torch.full((4,), 2.0), torch.tensor([4.0, 3, 2, 1])).double()
    torch.testing.assert_close(cross_entropy(logits, targets, weights), cross_entropy(logits, targets))


COUNTS = torch.tensor([200.0, 30.0, 9.0, 3.0], dtype=torch.float64)


def test_margins_of_uncapped_boosts_are_balanced_softmax():
    logits, targets = case(40)
    known = targets != IGNORE
    boost = ClassBoost(COUNTS.max() / COUNTS, COUNTS, "margin")
    exponentials = logits[known].exp() * COUNTS
    by_hand = -(exponentials.gather(1, targets[known][:, None]).squeeze(1) / exponentials.sum(dim=1)).log().sum()
    torch.testing.assert_close(boosted_cross_entropy(logits, targets, boost), by_hand)


def test_a_boost_acts_in_one_place_only():
    boost = COUNTS.max() / COUNTS
    in_loss, in_logits = ClassBoost(boost, COUNTS, "weight"), ClassBoost(boost, COUNTS, "margin")
    assert not in_loss.margins().any() and (in_logits.weights() == 1).all()
    assert (in_loss.weights() != 1).any() and in_logits.margins().tolist() == pytest.approx((-boost.log()).tolist())


def test_a_boost_in_the_loss_is_torchs_weighted_loss():
    logits, targets = case(40)
    boost = ClassBoost(COUNTS.max() / COUNTS, COUNTS)
    expected = F.cross_entropy(logits, targets, weight=boost.weights(), ignore_index=IGNORE, reduction="sum")
    torch.testing.assert_close(boosted_cross_entropy(logits, targets, boost), expected)


def test_without_a_boost_it_is_plain_as_in_evaluation():
    logits, targets = case(40)
    assert boosted_cross_entropy(logits, targets, None) == cross_entropy(logits, targets)
