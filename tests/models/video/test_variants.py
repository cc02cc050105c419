"""The structure of each variant: shared parts, parts per head, and what a level adds."""

import pytest
import torch
from test_multiview import HEADS, assert_alike, build, clips, mask

from tailwise.models.video.fusion import masked_mean
from tailwise.models.video.variants import Dual, Optimized, Progressive, Simplified


def names(model, part=""):
    return [name for name, _ in model.named_parameters() if name.startswith(part)]


def felt_by(model, head):
    """The parameters that one head's logits depend on."""
    logits = model(clips(), mask(4, 2, 1))[head].square().sum()
    gradients = torch.autograd.grad(logits, list(model.parameters()), allow_unused=True)
    return {name for name, gradient in zip(names(model), gradients) if gradient is not None}


def own(model):
    """The parameters that one head alone depends on, by head."""
    both = [felt_by(model, head.name) for head in HEADS]
    return both[0] - both[1], both[1] - both[0]


def test_simplified_heads_differ_in_the_last_layer_alone():
    assert own(build(Simplified(0.3, "simplified"))) == (
        {"fusion.heads.0.weight", "fusion.heads.0.bias"},
        {"fusion.heads.1.weight", "fusion.heads.1.bias"},
    )


@pytest.mark.parametrize(("variant", "attention_heads"), [(Optimized(0.1, "optimized"), 4), (Dual(0.1, "dual"), 8)])
def test_optimized_and_dual_have_an_attention_a_head(variant, attention_heads):
    model = build(variant)
    first, second = own(model)
    assert {name.rsplit(".", 1)[0] for name in first} == {
        "fusion.attentions.0",
        "fusion.attentions.0.attention",
        "fusion.attentions.0.attention.out_proj",
        "fusion.attentions.0.norm",
        "fusion.heads.0",
    }
    assert len(first) == len(second)
    assert {one.attention.num_heads for one in model.fusion.attentions} == {attention_heads}


def test_optimized_features_have_half_the_width_and_its_attention_drops_out():
    model = build(Optimized(0.25, "optimized"))
    assert model.fusion.heads[0].in_features == model.backbone.dim // 2
    assert model.fusion.attentions[0].attention.dropout == 0.25
    assert build(Dual(0.25, "dual")).fusion.heads[0].in_features == model.backbone.dim


def test_the_variants_are_ordered_by_their_size():
    sizes = [
        sum(p.numel() for p in build(variant).fusion.parameters())
        for variant in (Simplified(0.0, "simplified"), Optimized(0.0, "optimized"), Dual(0.0, "dual"))
    ]
    assert sizes == sorted(sizes) and sizes[0] < sizes[2] / 5


LEVELS = [("level1",), ("level1", "level2"), ("level1", "level2", "level3")]


def steps(model, levels, count=4):
    """Train these levels and the backbone on one batch."""
    parameters = [p for name, p in model.named_parameters() if any(level in name for level in (*levels, "backbone"))]
    optimizer = torch.optim.AdamW(parameters, lr=1e-2)
    for _ in range(count):
        optimizer.zero_grad()
        sum(logits[:, 0].square().sum() for logits in model(clips(), mask(4, 2, 1)).values()).backward()
        optimizer.step()


@pytest.mark.parametrize("level", [1, 2])
def test_raising_a_level_changes_no_logit(level):
    model = build(Progressive(0.0, "progressive"))
    for earlier in LEVELS[:level]:
        steps(model, earlier)
    without = {name: p.clone() for name, p in model.named_parameters()}
    before = model(clips(), mask(4, 2, 1))
    reached = {name for name in without if not any(f"level{n}" in name for n in range(level + 1, 4))}
    bare = build(Progressive(0.0, "progressive"), seed=5)
    bare.load_state_dict({n: without[n] if n in reached else bare.state_dict()[n] for n in without})
    assert_alike(before, bare(clips(), mask(4, 2, 1)), atol=1e-5)
    steps(model, LEVELS[level], count=1)
    assert not torch.allclose(model(clips(), mask(4, 2, 1))["action"], before["action"], atol=1e-5)


def test_the_first_level_is_the_mean_of_the_views():
    model = build(Progressive(0.0, "progressive"))
    x, present = clips(), mask(4, 2, 1)
    views = torch.zeros(3, 4, model.backbone.dim)
    views[present] = model.backbone(x[present])
    torch.testing.assert_close(model(x, present)["action"], model.fusion.level1[0](masked_mean(views, present)))


@pytest.mark.parametrize("levels", LEVELS, ids=len)
def test_every_parameter_of_a_level_learns_once_it_is_reached(levels):
    model = build(Progressive(0.0, "progressive"))
    before = {name: p.clone() for name, p in model.named_parameters()}
    steps(model, levels)
    moved = {name for name, p in model.named_parameters() if not torch.equal(p, before[name])}
    assert moved == {name for name in before if any(part in name for part in (*levels, "backbone"))}


def test_the_third_level_is_a_branch_a_head():
    first, second = own(build(Progressive(0.0, "progressive")))
    assert {name.split(".")[2] for name in first} == {"0"} and {name.split(".")[2] for name in second} == {"1"}


def test_attention_heads_that_do_not_divide_the_features_are_refused():
    with pytest.raises(ValueError, match="8 attention heads do not divide features of width 12"):
        Dual(0.0, "dual").build(12, [2])


@pytest.mark.parametrize("variant", [Simplified(0.3, "simplified"), Progressive(0.3, "progressive"), Dual(0.1, "dual")])
def test_views_alone_are_classified_as_samples_of_one_view(variant):
    fusion = build(variant).fusion.eval()
    views = torch.randn(5, next(fusion.parameters()).shape[-1], generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        alone, of_samples = fusion.alone(views), fusion(views.unsqueeze(1), torch.ones(5, 1, dtype=torch.bool))
    assert all(torch.equal(a, b) for a, b in zip(alone, of_samples, strict=True))
