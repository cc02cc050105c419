"""The loss of fouls: what all views predict together, and what each predicts alone."""

import math

import pytest
import torch

from tailwise.core.batch import Batch
from tailwise.core.heads import IGNORE
from tailwise.losses.head.boost import ClassBoost
from tailwise.models.video.multiview import view_output
from tailwise.recipes.fouls.loss import PER_VIEW, foul_loss, view_logits

MASK = torch.tensor([[True, True], [True, False]])
EVEN, SURE = [0.0, 0.0], [math.log(3.0), 0.0]
"""Logits of two classes: both as likely, and the first three times as likely."""


def batch(labels):
    return Batch({"mask": MASK}, {"action": torch.tensor(labels)}, torch.arange(2))


def outputs(per_view=(SURE, EVEN, EVEN)):
    return {"action": torch.tensor([EVEN, SURE]), view_output("action"): torch.tensor(per_view)}


def test_a_fouls_loss_on_single_views_is_the_mean_over_them():
    sums = foul_loss(outputs(), batch([0, 0]), None)
    assert sums["action"].item() == pytest.approx(math.log(2) + math.log(4 / 3))
    assert sums[PER_VIEW].item() == pytest.approx((math.log(4 / 3) + math.log(2)) / 2 + math.log(2))


def test_a_foul_without_a_label_counts_for_none_of_its_views():
    assert foul_loss(outputs(), batch([IGNORE, 0]), None)[PER_VIEW].item() == pytest.approx(math.log(2))


def test_a_margin_acts_on_single_views_too():
    boost = {"action": ClassBoost(torch.tensor([1.0, 3.0]), torch.ones(2), "margin")}
    sums = foul_loss(outputs((SURE, SURE, SURE)), batch([1, 1]), boost)
    assert sums[PER_VIEW].item() == pytest.approx(2 * -math.log(1 / (1 + 9)))


def test_a_teacher_teaches_each_view_its_answer_to_the_foul():
    (found,) = view_logits(outputs(), batch([0, IGNORE]))
    assert (found.loss, found.head) == (PER_VIEW, "action")
    assert found.logits.tolist() == outputs()[view_output("action")].tolist()
    assert (found.sample.tolist(), found.share.tolist()) == ([0, 0, 1], [0.5, 0.5, 1.0])
    assert view_logits({"action": torch.tensor([EVEN, SURE])}, batch([0, 1])) == []


def test_evaluation_has_no_loss_of_single_views():
    assert foul_loss({"action": torch.tensor([EVEN, SURE])}, batch([0, 1]), None).keys() == {"action"}
