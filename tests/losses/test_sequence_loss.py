"""The loss of a sequence tagger: each option by hand and by its effect, and that sums add up."""

import math

import pytest
import torch

from tailwise.core.batch import Batch, Mix
from tailwise.core.errors import UserError
from tailwise.core.heads import IGNORE
from tailwise.core.params.typed import convert
from tailwise.losses.classification import classification_loss
from tailwise.losses.confidence import confidence_penalty, uncertainty_penalty
from tailwise.losses.head.boost import ClassBoost
from tailwise.losses.head.focal import Focal
from tailwise.losses.sequence.crf import Chain, likelihood_loss, transitions_output
from tailwise.losses.sequence.loss import CONFIDENCE, UNCERTAINTY, SequenceLoss, sequence_loss
from tailwise.losses.sequence.positions import boundary_weights, near_changes
from tailwise.losses.sequence.upcoming import NEXT, UNTIL, distance_loss, upcoming_losses
from tailwise.losses.uncertainty import log_variance_output

X = IGNORE
TARGETS = torch.tensor([[0, 0, 0, 1, 1, 2, 2, 2], [1, 1, X, 2, 2, 0, X, X], [0, X, X, X, X, X, X, X]])
NEXTS = torch.tensor([[1, 1, 1, 2, 2, X, X, X], [X, X, X, 0, 0, X, X, X], [X] * 8])
UNTILS = torch.tensor([[3, 2, 1, 2, 1, X, X, X], [X, X, X, 2, 1, X, X, X], [X] * 8])
LENGTH = torch.tensor([8, 6, 1])


def batch(rows=slice(None), mix=None):
    targets = {"section": TARGETS[rows], NEXT: NEXTS[rows], UNTIL: UNTILS[rows]}
    return Batch({"length": LENGTH[rows]}, targets, torch.arange(len(LENGTH[rows])), mix)


def logits(seed=0, rows=slice(None), classes=3):
    return torch.randn(*TARGETS.shape, classes, generator=torch.Generator().manual_seed(seed))[rows]


def outputs(rows=slice(None)):
    return {"section": logits(0, rows), NEXT: logits(1, rows), UNTIL: logits(2, rows)[..., 0]}


def test_near_changes_by_hand():
    assert near_changes(TARGETS, 1).int().tolist()[:2] == [[0, 0, 1, 1, 1, 1, 0, 0], [0, 0, 0, 0, 1, 1, 0, 0]]
    assert near_changes(TARGETS, 2).int().tolist()[:2] == [[0, 1, 1, 1, 1, 1, 1, 0], [0, 0, 0, 1, 1, 1, 1, 0]]
    assert not near_changes(TARGETS[:, :1], 3).any()


def test_boundary_weights_have_mean_one_over_the_labels_of_each_sequence():
    found = boundary_weights(TARGETS, 3.0, 1)
    assert found[0].tolist() == pytest.approx([0.5, 0.5, 1.5, 1.5, 1.5, 1.5, 0.5, 0.5])
    assert found.sum(dim=1).tolist() == pytest.approx([8, 5, 1])
    assert not found[TARGETS == X].any()


def test_upcoming_losses_are_sums_over_their_labels():
    found = upcoming_losses(outputs(), batch())
    entropy, errors = -logits(1).log_softmax(-1), logits(2)[..., 0] - UNTILS.clamp(min=0).float().log1p()
    known = [(row, t) for row, t in (NEXTS != X).nonzero().tolist()]
    assert len(known) == 7 == batch().count(NEXT) == batch().count(UNTIL)
    assert found[NEXT].item() == pytest.approx(sum(entropy[row, t, NEXTS[row, t]].item() for row, t in known))
    each = [abs(errors[row, t].item()) for row, t in known]
    assert found[UNTIL].item() == pytest.approx(sum(e * e / 2 if e < 1 else e - 0.5 for e in each))


def test_a_distance_is_compared_by_its_logarithm():
    until = torch.tensor([1, 9, X])
    assert distance_loss(until.clamp(min=0).float().log1p(), until) == 0
    assert distance_loss(torch.tensor([2.0]).log() + 3, torch.tensor([1]), torch.tensor([0.5])).item() == pytest.approx(
        1.25
    )


def test_confidence_penalties_by_hand():
    sharp = torch.tensor([[0.0, 0.0], [100.0, 0.0], [100.0, 0.0], [100.0, 0.0]])
    targets = torch.tensor([0, 0, 1, X])
    assert confidence_penalty(sharp, targets).tolist() == pytest.approx([0, math.log(2), math.log(2), 0], abs=1e-6)
    assert uncertainty_penalty(sharp, targets).tolist() == pytest.approx([0, 0, math.log(2), 0], abs=1e-6)


def test_the_confidence_penalty_has_the_gradient_of_the_negative_entropy():
    x, y = logits().requires_grad_(), logits().requires_grad_()
    kept = TARGETS != X
    confidence_penalty(x, TARGETS).sum().backward()
    (-torch.distributions.Categorical(logits=y[kept]).entropy()).sum().backward()
    torch.testing.assert_close(x.grad, y.grad)


@pytest.mark.parametrize("boost", [None, {}])
def test_by_default_it_is_the_loss_of_a_classifier(boost):
    found = sequence_loss(SequenceLoss(), {"section": logits()}, batch(), boost)
    assert found.keys() == {"section"}
    torch.testing.assert_close(found, classification_loss({"section": logits()}, batch(), boost))


def test_in_evaluation_it_is_plain_whatever_the_options():
    options = SequenceLoss(3.0, 2, 0.5, 0.5)
    found = sequence_loss(options, {"section": logits()}, batch(), None)
    torch.testing.assert_close(found, sequence_loss(SequenceLoss(), {"section": logits()}, batch(), None))


def test_each_option_changes_training():
    plain = sequence_loss(SequenceLoss(), outputs(), batch(), {})
    assert plain.keys() == {"section", NEXT, UNTIL}
    near = sequence_loss(SequenceLoss(boundary_weight=3.0), outputs(), batch(), {})
    entropy = torch.nn.functional.cross_entropy(
        logits().flatten(0, 1), TARGETS.flatten(), ignore_index=X, reduction="none"
    )
    assert near["section"].item() == pytest.approx((entropy * boundary_weights(TARGETS, 3.0, 1).flatten()).sum().item())
    wider = sequence_loss(SequenceLoss(boundary_weight=3.0, boundary_width=2), outputs(), batch(), {})
    assert len({plain["section"].item(), near["section"].item(), wider["section"].item()}) == 3
    both = sequence_loss(SequenceLoss(confidence_penalty=0.1, uncertainty=0.2), outputs(), batch(), {})
    for name, weight, penalty in ((CONFIDENCE, 0.1, confidence_penalty), (UNCERTAINTY, 0.2, uncertainty_penalty)):
        each = penalty(logits(), TARGETS)
        wanted = weight * (each[0].sum() / 8 + each[1].sum() / 5 + each[2].sum())
        assert both[name].item() == pytest.approx(wanted.item())
    assert both["section"] == plain["section"]


def test_boosts_act_beside_boundary_weights():
    boost = {"section": ClassBoost(torch.tensor([1.0, 2.0, 4.0]), torch.ones(3), "margin")}
    options = SequenceLoss(boundary_weight=3.0)
    found = sequence_loss(options, {"section": logits()}, batch(), boost)
    moved = logits() - torch.tensor([1.0, 2.0, 4.0]).log()
    torch.testing.assert_close(found, sequence_loss(options, {"section": moved}, batch(), {}))


@pytest.mark.parametrize("crf", [False, True])
def test_sums_add_up_over_batches(crf):
    options = SequenceLoss(1.0 if crf else 3.0, 1, 0.1, 0.2)
    chain = {transitions_output("section"): torch.randn(5, 3)} if crf else {}
    whole = sequence_loss(options, outputs() | chain, batch(), {})
    parts = [
        sequence_loss(options, outputs(rows) | chain, batch(rows), {})
        for rows in (slice(0, 1), slice(1, 2), slice(2, 3))
    ]
    for name, value in whole.items():
        torch.testing.assert_close(value, sum(part[name] for part in parts))


def crf_outputs():
    packed = torch.randn(5, 3, generator=torch.Generator().manual_seed(5))
    return {"section": logits(), transitions_output("section"): packed}, Chain.unpack(packed)


def test_a_crf_has_the_likelihood_with_boosts_as_margins_or_weights():
    found, chain = crf_outputs()
    plain = likelihood_loss(logits(), chain, TARGETS, LENGTH)
    assert sequence_loss(SequenceLoss(), found, batch(), {})["section"].item() == pytest.approx(plain.sum().item())
    margin = ClassBoost(torch.tensor([1.0, 2.0, 4.0]), torch.ones(3), "margin")
    moved = likelihood_loss(logits() + margin.margins(), chain, TARGETS, LENGTH).sum()
    assert sequence_loss(SequenceLoss(), found, batch(), {"section": margin})["section"].item() == pytest.approx(
        moved.item()
    )
    weight = ClassBoost(torch.tensor([1.0, 2.0, 3.0]), torch.ones(3), "weight")
    means = torch.tensor([(3 * 0.5 + 2 * 1 + 3 * 1.5) / 8, (2 * 1 + 2 * 1.5 + 0.5) / 5, 0.5])
    assert sequence_loss(SequenceLoss(), found, batch(), {"section": weight})["section"].item() == pytest.approx(
        (means * plain).sum().item()
    )


def test_a_crf_refuses_what_has_no_effect_on_it():
    found, _ = crf_outputs()
    with pytest.raises(UserError, match="loss.boundary_weight has no effect with model.crf"):
        sequence_loss(SequenceLoss(boundary_weight=2.0), found, batch(), {})
    SequenceLoss(boundary_weight=2.0).check(crf=False)
    focal = ClassBoost(torch.ones(3), torch.ones(3), loss=Focal("focal", 2.0))
    with pytest.raises(UserError, match="kind: focal"):
        sequence_loss(SequenceLoss(), found, batch(), {"section": focal})


def test_the_partners_labels_of_mixed_sequences_count():
    mix = Mix(torch.tensor([1, 0, 2]), 0.25)
    options = SequenceLoss(boundary_weight=3.0)
    found = sequence_loss(options, {"section": logits()}, batch(mix=mix), {})["section"]
    own = sequence_loss(options, {"section": logits()}, batch(), {})["section"]
    others = Batch({"length": LENGTH}, {"section": TARGETS[[1, 0, 2]]}, torch.arange(3))
    partners = sequence_loss(options, {"section": logits()}, others, {})["section"]
    assert found.item() == pytest.approx(0.25 * own.item() + 0.75 * partners.item())


def test_learned_weights_apply():
    variance = {log_variance_output(NEXT): torch.tensor(math.log(2.0))}
    plain = sequence_loss(SequenceLoss(), outputs(), batch(), {})
    found = sequence_loss(SequenceLoss(), outputs() | variance, batch(), {})
    assert found[NEXT].item() == pytest.approx(plain[NEXT].item() / 2 + 7 * math.log(2) / 2)
    assert found["section"] == plain["section"]


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ({"boundary_weight": 0.0}, "loss: boundary_weight and boundary_width must be positive"),
        ({"boundary_width": 0}, "must be positive"),
        ({"uncertainty": -0.1}, "must not be negative"),
        ({"confidence": 0.1}, "loss.confidence is unknown; did you mean confidence_penalty"),
    ],
)
def test_wrong_options_are_refused(section, message):
    with pytest.raises(UserError, match=message):
        convert(SequenceLoss, section, "loss")
