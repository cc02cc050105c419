"""Augmentation: what it does, how far it goes, and that it follows from the keys alone."""

import numpy as np
import pytest
import torch

from tailwise.data.video.augment.clips import Allowed, augment_clips
from tailwise.data.video.augment.draws import BASE, draw, uniform
from tailwise.data.video.augment.ranges import Augment
from tailwise.data.video.augment.time import delays

ALL = Augment(mirror=0.5, shift=0.25, brightness=0.5, delay=0)
EVERY = Augment(0.5, 0.25, 0.5, 0, 0.3, 20, 0.4, 0.3, 0.5, 0.2, 0.5, 0.5, 0.0, {"action": ("Dive",)})
NEUTRAL = (0.99, 0.5, 0.5, 0.5, 0.5)
"""Draws that leave a view as it is: not mirrored, shifted by 0, brightness times 1, not delayed."""


def changed_by(x, draws, augment, strength, margin=0, present=None):
    """Any label may be mirrored and reversed; all views are present unless told."""
    draws = draws if isinstance(draws, dict) else {BASE: draws}
    every = np.ones(len(x), bool)
    present = np.ones(x.shape[:2], bool) if present is None else present
    return augment_clips(x, present, draws, augment, Allowed(np.broadcast_to(strength, len(x)), every, every), margin)


def base(keys, views):
    return uniform(keys, (views, 5))


def clips(b=2, v=2, h=8, w=12):
    return torch.from_numpy(np.random.default_rng(0).integers(0, 256, (b, v, 3, h, w, 3), np.uint8))


def one(values, augment=ALL, strength=1.0, x=None):
    x = clips(1, 1) if x is None else x
    return x, changed_by(x, np.array([[values]]), augment, strength)


def keys(*samples):
    return np.array([[1, 7, 0, sample] for sample in samples])


@pytest.mark.parametrize("augment", [ALL, EVERY])
@pytest.mark.parametrize("mixed", [[5, 3, 8], [3], [8, 9, 3, 1]])
def test_a_sample_is_changed_the_same_whatever_else_is_in_the_batch(mixed, augment):
    x = clips(10)
    alone = changed_by(x[3:4], draw(keys(3), 2, 3, augment), augment, 1.0)
    together = changed_by(x[mixed], draw(keys(*mixed), 2, 3, augment), augment, 1.0)
    assert torch.equal(together[mixed.index(3)], alone[0])
    assert not torch.equal(alone[0], x[3])


def test_a_sample_is_changed_by_its_own_strength():
    x, draws = clips(3), draw(keys(0, 1, 2), 2, 3, EVERY)
    mixed = changed_by(x, draws, EVERY, np.array([0.0, 0.4, 1.0]))
    for i, strength in enumerate([0.0, 0.4, 1.0]):
        assert torch.equal(mixed[i], changed_by(x, draws, EVERY, strength)[i])


def test_an_option_moves_no_other_ones_draws():
    every = draw(keys(3), 2, 3, EVERY)
    assert set(every) == {"base", "space", "light", "time", "erase"} and set(draw(keys(3), 2, 3, ALL)) == {"base"}
    turning = draw(keys(3), 2, 3, Augment(0.5, 0.1, 0.1, 0, rotate=5))
    np.testing.assert_array_equal(turning["space"], every["space"])
    np.testing.assert_array_equal(turning["base"], base(keys(3), 2))
    firsts = [group.flat[0] for group in every.values()]
    assert len({round(first, 9) for first in firsts}) == len(firsts)


def test_more_views_in_the_batch_do_not_move_the_draws_of_a_sample():
    np.testing.assert_array_equal(base(keys(3, 4), 4)[:, :2], base(keys(3, 4), 2))


@pytest.mark.parametrize("word", range(4))
def test_every_word_of_a_key_counts(word):
    other = keys(3)
    other[0, word] += 1
    assert not np.allclose(base(keys(3), 2), base(other, 2))


def test_absent_views_are_black():
    x, present = clips(4), np.array([[True, False], [True, True], [False, True], [True, False]])
    draws = base(keys(*range(4)), 2)
    changed, every = (changed_by(x, draws, ALL, 1.0, present=p) for p in (present, None))
    assert torch.equal(changed[present], every[present]) and not changed[~present].any()


def test_views_of_a_sample_are_drawn_apart():
    first, second = base(keys(3), 2)[0]
    assert not np.isclose(first, second).any()


@pytest.mark.parametrize("augment", [ALL, Augment(0.5, 0.49, 0.9, 0), EVERY])
def test_strength_zero_changes_nothing(augment):
    x = clips(20)
    assert torch.equal(changed_by(x, draw(keys(*range(20)), 2, 3, augment), augment, 0.0), x)


def test_neutral_draws_change_nothing_and_the_input_is_not_written_to():
    x, changed = one(NEUTRAL)
    assert torch.equal(changed, x)
    before = x.clone()
    one((0.0, 0.9, 0.1, 0.9, 0.5), x=x)
    assert torch.equal(x, before)


def test_mirroring_flips_left_and_right_of_every_frame():
    x, changed = one((0.0, *NEUTRAL[1:]))
    assert torch.equal(changed, x.flip(4)) and not torch.equal(changed, x)


@pytest.mark.parametrize("strength", [0.5, 1.0])
def test_the_share_of_mirrored_views_is_the_chance_times_the_strength(strength):
    draws = base(keys(*range(1000)), 2)
    x = torch.zeros(1000, 2, 1, 1, 2, 3, dtype=torch.uint8)
    x[..., 0, :] = 100
    changed = changed_by(x, draws, Augment(0.5, 0.0, 0.0, 0), strength)
    assert changed[..., 1, :].bool().float().mean() == pytest.approx(0.5 * strength, abs=0.04)


@pytest.mark.parametrize("strength", [0.5, 1.0])
def test_shifts_reach_their_bound_and_stay_within(strength):
    h, w = 40, 80
    x = torch.zeros(300, 2, 1, h, w, 3, dtype=torch.uint8)
    x[..., h // 2, w // 2, :] = 255
    changed = changed_by(x, base(keys(*range(300)), 2), Augment(0.0, 0.2, 0.0, 0), strength)
    places = changed[..., 0].flatten(0, 2).nonzero()
    for axis, (middle, size) in enumerate([(h // 2, h), (w // 2, w)], start=1):
        moves = places[:, axis] - middle
        assert moves.max() == -moves.min() == round(0.2 * strength * size)


def test_a_shift_moves_the_picture_and_repeats_its_edge():
    x, changed = one((0.99, 1.0, 0.0, 0.5, 0.5))  # 2 down and 3 to the left
    assert torch.equal(changed[..., 2:, :-3, :], x[..., :-2, 3:, :])
    assert torch.equal(changed[..., 0, :-3, :], x[..., 0, 3:, :])
    assert torch.equal(changed[..., 2:, -1, :], x[..., :-2, -1, :])


def test_brightness_multiplies_and_stays_in_range():
    x = torch.tensor([0, 10, 100, 200], dtype=torch.uint8).view(1, 1, 1, 1, 4, 1).expand(-1, -1, -1, -1, -1, 3)
    _, brighter = one((0.99, 0.5, 0.5, 1.0, 0.5), x=x)
    _, darker = one((0.99, 0.5, 0.5, 0.0, 0.5), x=x)
    assert brighter[..., 0].flatten().tolist() == [0, 15, 150, 255]
    assert darker[..., 0].flatten().tolist() == [0, 5, 50, 100]


@pytest.mark.parametrize("values", [(0.6, 0, 0), (-0.1, 0, 0), (0, 0.5, 0), (0, -0.1, 0), (0, 0, 1.0), (0, 0, -0.1)])
def test_impossible_strengths_are_refused(values):
    with pytest.raises(ValueError, match="mirror must be in"):
        Augment(*values, delay=0)
    with pytest.raises(ValueError, match="delay must be at least 0"):
        Augment(0, 0, 0, delay=-1)


@pytest.mark.parametrize(("strength", "most"), [(0.0, 0), (0.3, 1), (0.2, 0), (1.0, 2)])
def test_a_delayed_clip_is_a_later_or_earlier_window(strength, most):
    x, quiet = clips(60), Augment(0.0, 0.0, 0.0, delay=2)
    long = torch.cat([x, x + 1, x + 2], dim=2)[:, :, :7]
    changed = changed_by(long, base(keys(*range(60)), 2), quiet, strength, margin=2)
    late = [
        next(d for d in range(5) if torch.equal(long[b, v, d : d + 3], changed[b, v])) - 2
        for b in range(60)
        for v in range(2)
    ]
    assert set(late) == set(range(-most, most + 1))


def test_a_delay_is_as_likely_as_another():
    late = delays(np.linspace(0, 1, 5000, endpoint=False), np.full(5000, 2.0))
    assert np.bincount(late + 2).tolist() == [1000] * 5
