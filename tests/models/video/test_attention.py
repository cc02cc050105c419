"""Attention weights over existing views, computed without side effects."""

import pytest
import torch
from test_multiview import VARIANTS, assert_alike, build, clips, mask
from test_variants import names

from tailwise.models.video.fusion import QueryAttention, ViewAttention
from tailwise.models.video.variants import Dual, Progressive, Simplified


@pytest.fixture(params=VARIANTS, ids=lambda variant: variant.kind)
def model(request):
    """With every weight drawn, so that attention differs between views and level 2 adds something."""
    model = build(request.param)
    for name, parameter in model.named_parameters():
        if "fusion" in name:
            torch.nn.init.normal_(parameter, std=2.0)
    return model


def looked(model, x, present):
    return model.look(x, present)[1]


def test_the_logits_are_those_of_a_call_to_the_bit(model):
    x, present = clips(), mask(4, 2, 1)
    logits, _ = model.look(x, present)
    called = model(x, present)
    assert list(logits) == list(called) and all(torch.equal(logits[name], called[name]) for name in called)


def test_weights_are_of_the_views_that_are_there_and_1_in_sum(model):
    present = mask(4, 2, 1)
    for weights in looked(model, clips(), present).values():
        assert weights.shape == present.shape and not weights[~present].any() and (weights[present] > 0).all()
        torch.testing.assert_close(weights.sum(dim=1), torch.ones(3))


def test_weights_differ_between_views_and_one_view_has_it_all(model):
    for weights in looked(model, clips(), mask(4, 2, 1)).values():
        assert weights[0].max() - weights[0].min() > 0.001
        assert weights[2].tolist() == [1, 0, 0, 0]


@pytest.mark.parametrize("order", [[3, 2, 1, 0], [1, 0, 3, 2]])
def test_weights_move_with_their_views(model, order):
    x, present, model = clips(), mask(4, 2, 1), model.double()
    moved = looked(model, x[:, order], present[:, order])
    assert_alike(moved, {name: weights[:, order] for name, weights in looked(model, x, present).items()})


def test_padding_changes_no_weight(model):
    x, model = clips(), model.double()
    assert_alike(
        looked(model, x[:, :2], mask(2, 2, 1, v=2)),
        {name: weights[:, :2] for name, weights in looked(model, x, mask(2, 2, 1)).items()},
    )


def test_the_shared_attention_by_hand():
    """Scores 0, ln 3 and one that is masked: weights 1/4 and 3/4."""
    attention = ViewAttention(2)
    attention.score = torch.nn.Linear(2, 1, bias=False)
    torch.nn.init.ones_(attention.score.weight)
    views = torch.tensor([[[0.0, 0.0], [1.0, torch.tensor(3.0).log() - 1], [50.0, 50.0]]])
    present = torch.tensor([[True, True, False]])
    torch.testing.assert_close(attention.weights(views, present), torch.tensor([[0.25, 0.75, 0.0]]))
    torch.testing.assert_close(attention(views, present), 0.75 * views[:, 1])


def test_the_query_attention_by_hand():
    """One attention head looks by the first number, one by the second: the mean of (1/4, 3/4) and (1/2, 1/2)."""
    attention = QueryAttention(2, 2, dropout=0.0)
    with torch.no_grad():
        attention.query[:] = 1
        attention.attention.in_proj_weight[:4] = torch.eye(2).repeat(2, 1)
        attention.attention.in_proj_bias.zero_()
    views = torch.tensor([[[0.0, 2.0], [torch.tensor(3.0).log(), 2.0]]])
    weights = attention.weights(views, torch.ones(1, 2, dtype=torch.bool))
    torch.testing.assert_close(weights, torch.tensor([[0.375, 0.625]]))


def test_heads_share_an_attention_or_have_their_own():
    x, present = clips(), mask(4, 2, 1)
    shared, own = (looked(build(variant), x, present) for variant in (Simplified(0.0, "simplified"), Dual(0.0, "dual")))
    assert torch.equal(shared["action"], shared["severity"]) and not torch.allclose(own["action"], own["severity"])


def test_a_level_that_adds_nothing_looks_at_all_views_alike():
    model = build(Progressive(0.0, "progressive"))
    expected = torch.tensor([[0.25] * 4, [0.5, 0.5, 0, 0], [1, 0, 0, 0]])
    assert torch.equal(looked(model, clips(), mask(4, 2, 1))["action"], expected)
    torch.nn.init.normal_(model.fusion.level2.add.weight)
    assert not torch.allclose(looked(model, clips(), mask(4, 2, 1))["action"], expected, atol=1e-4)


def test_asking_leaves_no_gradient_and_the_names_as_they_were():
    """The order of the names decides the bytes of a weights file, and which state an optimizer finds again."""
    model = build(Simplified(0.5, "simplified"))
    logits, weights = model.look(clips(), mask(4, 2, 1))
    assert not logits["action"].requires_grad and not weights["action"].requires_grad
    assert names(model, "fusion") == [
        "fusion.attention.score.0.weight",
        "fusion.attention.score.0.bias",
        "fusion.attention.score.2.weight",
        "fusion.attention.score.2.bias",
        "fusion.heads.0.weight",
        "fusion.heads.0.bias",
        "fusion.heads.1.weight",
        "fusion.heads.1.bias",
    ]
