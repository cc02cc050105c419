"""What becomes of a batch of fouls before a training step: label care, dropped views, strength."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from tailwise.core.batch import Batch
from tailwise.core.errors import UserError
from tailwise.core.heads import IGNORE, Head
from tailwise.data.video.augment.ranges import Augment
from tailwise.recipes.fouls.prepare import preparation

HEADS = (Head("action", ("Dive", "Challenge", "Holding")), Head("severity", ("No card", "Red card")))
NONE = Augment(0, 0, 0, 0)
MANY = 400


def keys(samples=MANY):
    return np.array([[1, 2, 3, i] for i in range(samples)])


def batch(action, severity=0, samples=MANY, views=2):
    """Fouls alike, of frames that tell their place in time and whether they are mirrored."""
    clips = torch.zeros(samples, views, 3, 1, 2, 3, dtype=torch.uint8)
    clips[..., 0, 0, :] = torch.tensor([50, 100, 150], dtype=torch.uint8)[:, None]
    targets = {"action": torch.full((samples,), action), "severity": torch.full((samples,), severity)}
    mask = torch.ones(samples, views, dtype=torch.bool)
    return Batch({"clips": clips, "mask": mask}, targets, torch.arange(samples))


def prepared(augment, before, strength=1.0):
    return preparation(augment, HEADS, 0)(before, strength, keys(len(before)))


@pytest.mark.parametrize(("action", "severity", "reversed_"), [(1, 0, 0.5), (1, 1, 0), (0, 0, 0), (IGNORE, 0, 0)])
def test_only_samples_of_reversible_classes_run_backwards_all_their_views_together(action, severity, reversed_):
    augment = replace(NONE, reverse=0.5, reversible={"action": ("Challenge", "Holding"), "severity": ("No card",)})
    clips = prepared(augment, batch(action, severity)).inputs["clips"][..., 0, 0, 0]
    backwards = (clips == torch.tensor([150, 100, 50])).all(dim=2)
    assert torch.equal(backwards[:, 0], backwards[:, 1]) and (clips[~backwards][:, 0] == 50).all()
    assert backwards.float().mean() == pytest.approx(reversed_, abs=0.06)


@pytest.mark.parametrize(("action", "share"), [(0, 0.0), (1, 0.5)])
def test_one_sided_classes_are_never_mirrored(action, share):
    augment = replace(NONE, mirror=0.5, one_sided={"action": ("Dive",), "severity": ("Red card",)})
    mirrored = prepared(augment, batch(action)).inputs["clips"][..., 0, 1, 0] > 0
    assert mirrored[..., 0].float().mean() == pytest.approx(share, abs=0.05)


def test_dropped_views_leave_the_mask_and_at_least_one_stays():
    before = batch(0, views=3)
    before.inputs["mask"][:, 2] = False
    after = prepared(replace(NONE, drop_views=0.4), before, strength=0.5)
    mask = after.inputs["mask"]
    assert mask.any(dim=1).all() and not mask[:, 2].any() and before.inputs["mask"][:, 1].all()
    assert mask[:, :2].float().mean() == pytest.approx(1 - (0.2 - 0.2**2 / 2), abs=0.03)
    assert torch.equal(after.inputs["clips"][mask], before.inputs["clips"][mask])


def test_each_sample_may_have_its_own_strength():
    strength = np.array([0.0, 1.0])
    after = prepared(replace(NONE, mirror=0.5, brightness=0.9), batch(0, samples=2), strength)
    before = batch(0, samples=2).inputs["clips"]
    assert torch.equal(after.inputs["clips"][0], before[0]) and not torch.equal(after.inputs["clips"][1], before[1])


def test_dropping_views_depends_on_the_samples_own_key():
    augment = replace(NONE, drop_views=0.4)
    together = prepared(augment, batch(0)).inputs["mask"]
    some = [7, 3, 250]
    alone = preparation(augment, HEADS, 0)(batch(0, samples=3), 1.0, keys()[some])
    assert torch.equal(alone.inputs["mask"], together[some])


@pytest.mark.parametrize(("name", "labels", "said"), [
    ("reversible", {"side": ("left",)}, "augment.reversible.side: there is no such head; there are action, severity"),
    ("one_sided", {"action": ("Dvie",)}, "augment.one_sided.action: no class 'Dvie'; there are Dive, Challenge, Hol"),
])  # fmt: skip
def test_a_label_that_is_not_there_is_refused(name, labels, said):
    augment = Augment(0.5, 0, 0, 0, reverse=0.5 if name == "reversible" else 0.0, **{name: labels})
    with pytest.raises(UserError) as refused:
        preparation(augment, HEADS, 0)
    assert str(refused.value).startswith(said)
