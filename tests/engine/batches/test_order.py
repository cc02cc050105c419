"""Order and seeds are functions of a position."""

import numpy as np
import pytest
import torch

from tailwise.engine.batches.order import augment_keys, epoch_order, repeat_numbers, seed_for, steps_of


def test_an_epoch_has_every_sample_once():
    assert sorted(epoch_order([4, 7, 9, 30], 1, "phase1", 0)) == [4, 7, 9, 30]


@pytest.mark.parametrize("other", [(2, "phase1", 0), (1, "phase2", 0), (1, "phase1", 1)])
def test_another_seed_phase_or_epoch_is_another_order(other):
    first = epoch_order(range(50), 1, "phase1", 0)
    assert (first == epoch_order(range(50), 1, "phase1", 0)).all() and (first != epoch_order(range(50), *other)).any()


def test_the_order_is_even():
    """Over many epochs, every sample comes first about as often."""
    firsts = np.bincount([epoch_order(range(8), 1, "p", epoch)[0] for epoch in range(1600)], minlength=8)
    assert firsts.min() > 140 and firsts.max() < 260


def test_a_seed_is_a_function_of_its_position():
    positions = [
        (seed, name, epoch, step) for seed in (0, 1) for name in ("a", "b") for epoch in range(5) for step in range(5)
    ]
    seeds = [seed_for(*position) for position in positions]
    assert len(set(seeds)) == len(seeds) and seeds == [seed_for(*position) for position in positions]
    assert all(0 <= seed < 2**63 for seed in seeds)
    torch.manual_seed(max(seeds))


def test_augmentation_keys_name_seed_phase_epoch_and_sample():
    keys = augment_keys(1, "phase1", 3, np.array([5, 9]))
    assert keys.shape == (2, 4) and keys.dtype == np.int64
    assert (keys[0] == augment_keys(1, "phase1", 3, np.array([9, 2, 5]))[2]).all()
    for other in ((2, "phase1", 3), (1, "phase2", 3), (1, "phase1", 4)):
        assert (keys[0] != augment_keys(*other, np.array([5]))[0]).any()


@pytest.mark.parametrize(
    ("batch", "micro", "steps"),
    [
        (4, 4, [[[0, 1, 2, 3]], [[4, 5, 6, 7]], [[8, 9]]]),
        (4, 2, [[[0, 1], [2, 3]], [[4, 5], [6, 7]], [[8, 9]]]),
        (20, 4, [[[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]]),
    ],
)
def test_steps_are_cut_into_micro_batches(batch, micro, steps):
    assert steps_of(range(10), batch, micro) == steps


def test_draws_of_one_sample_are_numbered_through_the_epoch():
    assert repeat_numbers([3, 5, 3, 5, 3]) == [0, 0, 1, 1, 2]
    assert repeat_numbers([7, 1, 2]) == [0, 0, 0]
