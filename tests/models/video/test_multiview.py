"""The multi-view model: invariant to view order and padding; absent views cost nothing."""

import pytest
import torch

from tailwise.core.heads import Head
from tailwise.models.video.multiview import Model, view_output
from tailwise.models.video.tiny import Tiny
from tailwise.models.video.variants import Dual, Optimized, Progressive, Simplified

HEADS = (Head("action", ("a", "b", "c")), Head("severity", ("x", "y")))


SHAPE = (4, 32, 48)
VARIANTS = [
    Simplified(0.5, "simplified"),
    Progressive(0.5, "progressive"),
    Optimized(0.5, "optimized"),
    Dual(0.5, "dual"),
]


def build(variant, heads=HEADS, seed=0):
    torch.manual_seed(seed)
    return Model(variant, Tiny("tiny", width=8)).build(heads, SHAPE).eval()


@pytest.fixture(params=VARIANTS, ids=lambda variant: variant.kind)
def model(request):
    """With every weight drawn, so that a residual that begins at zero is looked at, too; in double precision.

    In single precision, logits of 5 differ by a few units in the last place, 1e-6, with the size of the batch.
    """
    model = build(request.param).double()
    for name, parameter in model.named_parameters():
        if "level" in name:
            torch.nn.init.normal_(parameter, std=0.3)
    return model


def clips(b=3, v=4, t=4, h=32, w=48):
    return torch.randint(0, 256, (b, v, t, h, w, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(1))


def mask(*counts, v=4):
    return torch.arange(v) < torch.tensor(counts)[:, None]


def assert_alike(one, other, atol=1e-12):
    for name in one:
        torch.testing.assert_close(one[name], other[name], rtol=0, atol=atol)


def test_every_head_has_its_logits(model):
    assert {name: tuple(x.shape) for name, x in model(clips(), mask(4, 2, 1)).items()} == {
        "action": (3, 3),
        "severity": (3, 2),
    }


@pytest.mark.parametrize("order", [[3, 2, 1, 0], [1, 0, 3, 2], [2, 3, 0, 1]])
def test_the_order_of_the_views_changes_nothing(model, order):
    x, present = clips(), mask(4, 2, 1)
    assert_alike(model(x, present), model(x[:, order], present[:, order]))


def test_padding_changes_nothing_and_is_not_looked_at(model):
    x, present = clips(), mask(2, 2, 1)
    noise = torch.where(present[:, :, None, None, None, None], x, 255 - x)
    assert_alike(model(x[:, :2], present[:, :2]), model(noise, present))


def test_another_sample_in_the_batch_changes_nothing(model):
    x, present = clips(), mask(3, 2, 1)
    for row in range(3):
        alone = model(x[row : row + 1], present[row : row + 1])
        assert_alike(alone, {name: logits[row : row + 1] for name, logits in model(x, present).items()})


def test_every_view_counts(model):
    x, present = clips(1), mask(4)
    for view in range(4):
        other = x.clone()
        other[:, view] = 255 - other[:, view]
        assert not torch.allclose(model(x, present)["action"], model(other, present)["action"], atol=1e-5)


@pytest.mark.parametrize("training", [False, True])
def test_one_view_of_one_sample_is_a_batch(model, training):
    outputs = model.train(training)(clips(1, 1), mask(1, v=1))
    assert outputs["action"].shape == (1, 3)
    outputs["action"].sum().backward()
    assert all(torch.isfinite(p.grad).all() for p in model.parameters() if p.grad is not None)


def test_absent_views_are_not_computed(model):
    seen = []
    model.backbone.register_forward_pre_hook(lambda part, given: seen.append(len(given[0])))
    model(clips(), mask(4, 2, 1))
    assert seen == [7]


@pytest.mark.parametrize(("t", "h", "w"), [(8, 64, 112), (5, 33, 47), (1, 16, 16)])
def test_other_sizes_of_clips_are_taken(model, t, h, w):
    assert model(clips(2, 2, t, h, w), mask(2, 1, v=2))["severity"].shape == (2, 2)


@pytest.mark.parametrize("name", ["type", "keys", "half", "a.b", "", "übrig"])
def test_a_head_may_have_any_name(name):
    model = build(VARIANTS[0], (Head(name, ("a", "b")),))
    assert model(clips(1, 1), mask(1, v=1))[name].shape == (1, 2)


@pytest.mark.parametrize("rate", [-0.1, 1.0])
def test_an_impossible_dropout_is_refused(rate):
    with pytest.raises(ValueError, match="dropout must be in"):
        Simplified(rate, "simplified")


def test_in_training_each_view_predicts_as_a_sample_of_that_view_alone(model):
    x, present = clips(), mask(2, 1, 1)
    for part in model.modules():
        if isinstance(part, torch.nn.Dropout | torch.nn.MultiheadAttention):
            part.p = part.dropout = 0.0
    found = model.train()(x, present)
    alone = model.eval()(x[present][:, None], torch.ones(4, 1, dtype=torch.bool))
    assert_alike(alone, {name: found[view_output(name)] for name in alone})
