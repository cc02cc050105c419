"""Mixing: who is mixed with whom and how much, from the keys alone; what is refused."""

from dataclasses import replace

import numpy as np
import pytest

from support.helpers import make_phase, make_run, make_task
from tailwise.core.errors import UserError
from tailwise.engine.contract.mixing import Cutmix, Mixup, draw_mix
from tailwise.engine.train.trainer import PhaseTrainer


def keys(*samples):
    return np.array([[1, 2, 3, i] for i in samples])


def partners(samples):
    """{sample: its partner}"""
    drawn = draw_mix(keys(*samples), 1.0)
    return {sample: samples[place] for sample, place in zip(samples, drawn.partner)}


def test_partners_make_one_ring_whatever_the_order_of_the_batch():
    found = partners([4, 9, 2, 7, 5])
    assert found == partners([7, 5, 4, 2, 9])
    ring = [4]
    while found[ring[-1]] != 4:
        ring.append(found[ring[-1]])
    assert sorted(ring) == [2, 4, 5, 7, 9]


def test_a_sample_alone_is_its_own_partner():
    assert partners([4]) == {4: 4}


def test_share_and_place_follow_from_the_samples_own_key():
    together, alone = draw_mix(keys(4, 9, 2), 0.7), draw_mix(keys(9), 0.7)
    assert together.share[1] == alone.share[0] and (together.place[1] == alone.place[0]).all()
    assert together.share[0] != together.share[1]


def test_shares_are_of_the_beta_distribution():
    share = draw_mix(keys(*range(4000)), 0.3).share
    assert share.mean() == pytest.approx(0.5, abs=0.02)
    assert share.var() == pytest.approx(1 / (4 * (2 * 0.3 + 1)), abs=0.01)


@pytest.mark.parametrize("kind", [Mixup, Cutmix])
def test_a_beta_without_weight_is_refused(kind):
    with pytest.raises(ValueError, match="alpha must be positive, found 0"):
        kind("mixup", 0.0)


def test_mixing_that_cannot_be_is_refused():
    phase = make_phase(mix=Mixup("mixup", 1.0))
    with pytest.raises(UserError, match="mix {kind: mixup}: the task mixes no samples"):
        PhaseTrainer(replace(make_task(), mix=None), phase, range(24), {}, make_run())
    with pytest.raises(UserError, match="has no effect: a micro-batch has one sample"):
        PhaseTrainer(make_task(), phase, range(24), {}, make_run(batch_size=8, accumulate=8))
    PhaseTrainer(make_task(), phase, range(24), {}, make_run(batch_size=8, accumulate=4))
