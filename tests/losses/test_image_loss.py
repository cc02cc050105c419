"""The loss of pictures against formulas and references, each part's weight and effect."""

import math
from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F

from tailwise.core.batch import Batch, Mix
from tailwise.core.errors import UserError
from tailwise.core.heads import IGNORE
from tailwise.core.params.typed import convert
from tailwise.losses.head.boost import ClassBoost
from tailwise.losses.image.aleatoric import UNCERTAINTY, aleatoric_loss, temperatures
from tailwise.losses.image.loss import PRIOR, ImageLoss, image_loss
from tailwise.losses.image.members import member_output
from tailwise.losses.image.prior import prior_divergence

EVEN = {"kind": torch.full((3,), 1 / 3, dtype=torch.float64)}
PLAIN, BOTH = ImageLoss(), ImageLoss(uncertainty=0.5, prior=0.25)


def made(n=6, seed=0):
    rng = torch.Generator().manual_seed(seed)
    outputs = {"kind": torch.randn(n, 3, generator=rng, dtype=torch.float64)}
    outputs[UNCERTAINTY] = torch.randn(n, 1, generator=rng, dtype=torch.float64)
    targets = torch.randint(0, 3, (n,), generator=rng)
    return outputs, Batch({}, {"kind": targets}, torch.arange(n))


def test_evaluation_has_plain_cross_entropy_alone():
    outputs, batch = made()
    found = image_loss(BOTH, EVEN, outputs, batch, None)
    assert found.keys() == {"kind"}
    torch.testing.assert_close(found["kind"], F.cross_entropy(outputs["kind"], batch.targets["kind"], reduction="sum"))


def test_each_part_is_there_by_its_weight():
    outputs, batch = made()
    assert image_loss(PLAIN, EVEN, outputs, batch, {}).keys() == {"kind"}
    one, two = (image_loss(options, EVEN, outputs, batch, {}) for options in (BOTH, ImageLoss(1.0, 0.5)))
    assert one.keys() == {"kind", UNCERTAINTY, PRIOR} and BOTH.regularisers == (UNCERTAINTY, PRIOR)
    for name in (UNCERTAINTY, PRIOR):
        torch.testing.assert_close(two[name], 2 * one[name])
    torch.testing.assert_close(one["kind"], two["kind"])


def test_no_variance_is_cross_entropy_and_a_large_one_an_even_answer():
    outputs, batch = made()
    logits, ids = outputs["kind"], batch.targets["kind"]
    sure, unsure = (torch.full((6, 1), value, dtype=torch.float64) for value in (-30.0, 30.0))
    torch.testing.assert_close(
        aleatoric_loss(logits, sure, ids), F.cross_entropy(logits, ids, reduction="sum"), rtol=1e-3, atol=0
    )
    assert temperatures(unsure).max().isfinite() and temperatures(unsure).min() > 30
    assert aleatoric_loss(logits, unsure, ids).item() == pytest.approx(6 * math.log(3), rel=0.02)


def test_the_formula_is_near_the_mean_over_drawn_logits():
    logits, log_variance = torch.tensor([[3.0, 0.0, 0.0, -0.5]]), torch.tensor([[0.5]])
    drawn = logits + (log_variance / 2).exp() * torch.randn(200_000, 4, generator=torch.Generator().manual_seed(0))
    mean = drawn.softmax(dim=-1).mean(dim=0)
    torch.testing.assert_close((logits / temperatures(log_variance)).softmax(dim=-1)[0], mean, rtol=0, atol=0.02)


def test_wrong_answers_learn_a_larger_variance_and_right_ones_a_smaller():
    logits, log_variance = torch.tensor([[4.0, 0, 0], [4.0, 0, 0]]), torch.zeros(2, 1, requires_grad=True)
    aleatoric_loss(logits, log_variance, torch.tensor([0, 1])).backward()
    assert log_variance.grad[0] > 0 > log_variance.grad[1]


def test_missing_labels_count_nowhere():
    outputs, batch = made()
    targets = batch.targets["kind"].clone()
    targets[2:] = IGNORE
    found = image_loss(BOTH, EVEN, outputs, replace(batch, targets={"kind": targets}), {})
    short = {name: value[:2] for name, value in outputs.items()}
    known = image_loss(BOTH, EVEN, short, Batch({}, {"kind": targets[:2]}, torch.arange(2)), {})
    torch.testing.assert_close(found["kind"], known["kind"])
    torch.testing.assert_close(found[UNCERTAINTY], known[UNCERTAINTY])


def test_the_divergence_is_that_of_the_mean_answer():
    logits, _ = made()
    prior = torch.tensor([0.5, 0.5, 0.0], dtype=torch.float64)
    shares = logits["kind"].softmax(dim=-1).mean(dim=0)
    expected = (prior[:2] * (prior[:2] / shares[:2]).log()).sum()
    torch.testing.assert_close(prior_divergence(logits["kind"], prior), expected)
    assert prior_divergence(torch.zeros(4, 3), EVEN["kind"]).item() == pytest.approx(0, abs=1e-6)


def test_the_prior_term_raises_a_class_that_is_never_predicted():
    logits = torch.tensor([[3.0, 1.0, -9.0]] * 4, requires_grad=True)
    prior_divergence(logits, EVEN["kind"]).backward()
    assert (logits.grad[:, 2] < 0).all() and (logits.grad[:, 0] > 0).all()


def test_a_prior_term_is_of_the_micro_batch_times_its_samples():
    outputs, batch = made()
    found = image_loss(ImageLoss(prior=2.0), EVEN, outputs, batch, {})[PRIOR]
    torch.testing.assert_close(found, 12 * prior_divergence(outputs["kind"], EVEN["kind"]))


def test_a_boost_acts_on_the_labels_and_its_margin_on_the_uncertainty():
    outputs, batch = made()
    boost = {
        "kind": ClassBoost(torch.tensor([1.0, 2.0, 4.0]).double(), torch.tensor([4.0, 2.0, 1.0]).double(), "margin")
    }
    found, plain = (image_loss(BOTH, EVEN, outputs, batch, each) for each in (boost, {}))
    moved = outputs["kind"] + boost["kind"].margins()
    torch.testing.assert_close(found["kind"], F.cross_entropy(moved, batch.targets["kind"], reduction="sum"))
    expected = 0.5 * aleatoric_loss(moved, outputs[UNCERTAINTY], batch.targets["kind"])
    torch.testing.assert_close(found[UNCERTAINTY], expected)
    torch.testing.assert_close(found[PRIOR], plain[PRIOR])


def test_mixed_samples_count_for_both_labels():
    outputs, batch = made(2)
    mixed = replace(batch, mix=Mix(torch.tensor([1, 0]), 0.75))
    parts = [
        image_loss(BOTH, EVEN, outputs, replace(batch, targets={"kind": ids}), {})
        for ids in (batch.targets["kind"], batch.targets["kind"][[1, 0]])
    ]
    found = image_loss(BOTH, EVEN, outputs, mixed, {})
    for name in ("kind", UNCERTAINTY):
        torch.testing.assert_close(found[name], 0.75 * parts[0][name] + 0.25 * parts[1][name])


def test_members_have_losses_of_their_own():
    (one, batch), (other, _) = made(), made(seed=1)
    both = {member_output(name, i): of[name] for i, of in enumerate((one, other)) for name in of}
    found = image_loss(BOTH, EVEN, {**one, **both}, batch, {})
    alone = [image_loss(BOTH, EVEN, of, batch, {}) for of in (one, other)]
    for name in found:
        torch.testing.assert_close(found[name], (alone[0][name] + alone[1][name]) / 2)


@pytest.mark.parametrize(("section", "says"), [
    ({"uncertainty": -1}, "must not be negative"), ({"shares": "own"}, "one of even, training"), ({"kl": 1}, "unknown"),
])  # fmt: skip
def test_wrong_options_are_refused(section, says):
    with pytest.raises(UserError, match=says):
        convert(ImageLoss, section, "loss")


def test_an_uncertainty_needs_its_loss_and_the_loss_an_uncertainty():
    BOTH.check(True)
    PLAIN.check(False)
    with pytest.raises(UserError, match="would not be trained"):
        PLAIN.check(True)
    with pytest.raises(UserError, match="has no effect"):
        BOTH.check(False)
