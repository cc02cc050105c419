"""Fouls mixed with each other: pixels and labels in the same shares, and their loss by hand."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from tailwise.core.batch import Batch, Mix
from tailwise.core.heads import IGNORE
from tailwise.engine.contract.mixing import Cutmix, Mixup, draw_mix
from tailwise.losses.classification import classification_loss
from tailwise.losses.head.boost import ClassBoost
from tailwise.models.video.multiview import view_output
from tailwise.recipes.fouls.loss import PER_VIEW, foul_loss
from tailwise.recipes.fouls.mix import mix_fouls

MASK = torch.tensor([[True, True], [True, False], [True, True]])
KEYS = np.array([[1, 2, 3, i] for i in (5, 3, 8)])


def fouls():
    """Every pixel of a view says which it is: 100 times the foul, plus 10 times the view."""
    value = 100 * torch.arange(3)[:, None] + 10 * torch.arange(2)
    clips = (value * MASK).to(torch.uint8)[:, :, None, None, None, None].expand(-1, -1, 2, 8, 16, 3)
    return Batch({"clips": clips, "mask": MASK}, {"action": torch.tensor([0, 1, 1])}, torch.arange(3))


def partner_value(foul, view, partner):
    """Foul 1 has its first view only, which goes with both of another's."""
    return 100 * partner + (0 if partner == 1 else 10 * view)


def test_mixup_mixes_each_view_with_one_of_the_partners():
    drawn, after = draw_mix(KEYS, 1.0), mix_fouls(fouls(), Mixup("mixup", 1.0), KEYS)
    assert after.mix.partner.tolist() == drawn.partner.tolist()
    assert after.mix.share.tolist() == pytest.approx(drawn.share.tolist())
    for foul, view in MASK.nonzero().tolist():
        share, other = drawn.share[foul], partner_value(foul, view, drawn.partner[foul])
        expected = round(share * (100 * foul + 10 * view) + (1 - share) * other)
        assert (after.inputs["clips"][foul, view] == expected).all()
    assert not after.inputs["clips"][1, 1].any() and after.inputs["mask"] is MASK


def test_cutmix_shows_as_much_of_the_partner_as_its_labels_count():
    after = mix_fouls(fouls(), Cutmix("cutmix", 1.0), KEYS)
    for foul, view in MASK.nonzero().tolist():
        clip, other = after.inputs["clips"][foul, view], partner_value(foul, view, int(after.mix.partner[foul]))
        theirs = (clip == other).float().mean()
        assert ((clip == other) | (clip == 100 * foul + 10 * view)).all()
        assert after.mix.share[foul].item() == pytest.approx(1 - theirs.item())
    assert any(0.1 < share < 0.9 for share in after.mix.share.tolist())


def test_a_foul_alone_stays_as_it_is():
    alone = replace(
        fouls(), inputs={name: x[:1] for name, x in fouls().inputs.items()}, targets={}, index=torch.zeros(1)
    )
    for how in (Mixup("mixup", 1.0), Cutmix("cutmix", 1.0)):
        assert torch.equal(mix_fouls(alone, how, KEYS[:1]).inputs["clips"], alone.inputs["clips"])


EVEN, SURE = [0.0, 0.0], [math.log(3.0), 0.0]
"""Logits of two classes: both as likely, and the first three times as likely."""
HIT, MISS, HALF = math.log(4 / 3), math.log(4), math.log(2)


def mixed(labels, share=(0.75, 0.5)):
    batch = Batch({"mask": MASK[:2]}, {"action": torch.tensor(labels)}, torch.arange(2))
    return replace(batch, mix=Mix(torch.tensor([1, 0]), torch.tensor(share)))


def outputs():
    per_view = torch.tensor([SURE, EVEN, SURE])
    return {"action": torch.tensor([SURE, SURE]), view_output("action"): per_view}


def test_the_labels_of_the_partner_count_the_rest():
    sums = foul_loss(outputs(), mixed([0, 1]), None)
    assert sums["action"].item() == pytest.approx(0.75 * HIT + 0.25 * MISS + 0.5 * MISS + 0.5 * HIT)
    first = (0.75 * HIT + 0.25 * MISS + HALF) / 2
    assert sums[PER_VIEW].item() == pytest.approx(first + 0.5 * MISS + 0.5 * HIT)


def test_a_partner_without_a_label_counts_nothing():
    sums = foul_loss(outputs(), mixed([0, IGNORE]), None)
    assert sums["action"].item() == pytest.approx(0.75 * HIT + 0.5 * HIT)


def test_one_share_for_all_is_the_same_as_one_each_and_a_margin_acts_on_both_labels():
    boost = {
        "action": ClassBoost(torch.tensor([1.0, 3.0]), torch.ones(2), "margin")
    }  # then the first is 9 times as likely
    each = classification_loss(outputs(), mixed([0, 1], (0.75, 0.75)), boost)["action"].item()
    one = classification_loss(outputs(), replace(mixed([0, 1]), mix=Mix(torch.tensor([1, 0]), 0.75)), boost)["action"]
    assert each == one.item() == pytest.approx(math.log(10 / 9) + math.log(10))
