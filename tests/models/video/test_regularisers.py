"""What is left out at random in training, by hand and against torchvision; and nothing in evaluation mode."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from test_multiview import HEADS, VARIANTS, build, clips, mask
from torch import nn
from torchvision.ops import StochasticDepth, drop_block3d

from tailwise.models.video.backbones import Video
from tailwise.models.video.multiview import Additions, Model
from tailwise.models.video.regularisers import (
    BlockDropout,
    DropBlock,
    HeadDropout,
    depth_rates,
    drop_blocks,
    with_stochastic_depth,
)
from tailwise.models.video.tiny import Residual, Tiny
from tailwise.models.video.variants import Dual, Progressive, Simplified
from tailwise.models.weights import NoWeights

SRC = Path(__file__).parents[3] / "src"
SHAPE = (8, 32, 48)
DROPS = DropBlock(0.3, 3)


def scripted(monkeypatch, places):
    """Blocks begin at these places (sample, channel, frame, row, column), whatever the rate."""

    def first(tensor, share):
        tensor.zero_()
        for place in places:
            tensor[place] = 1
        return tensor

    monkeypatch.setattr(torch.Tensor, "bernoulli_", first)


def test_a_block_by_hand(monkeypatch):
    """A map of 2 frames of 4x5: of size 3 a block is both frames, 3 rows and 3 columns, 18 of 40 values."""
    scripted(monkeypatch, [(0, 0, 0, 1, 2)])
    dropped = drop_blocks(torch.ones(1, 1, 2, 4, 5), 0.1, 3)
    row = [1, 1, 0, 0, 0]
    picture = torch.tensor([[1, 1, 1, 1, 1], row, row, row]) * 40 / 22
    torch.testing.assert_close(dropped[0, 0], torch.stack([picture, picture]))


def test_blocks_of_an_even_size_and_several_of_them_by_hand(monkeypatch):
    """Blocks of two meet at the third value; the second channel has none, and is scaled as the first."""
    scripted(monkeypatch, [(0, 0, 0, 0, 0), (0, 0, 0, 0, 1)])
    dropped = drop_blocks(torch.arange(1.0, 6.0).expand(1, 2, 1, 1, 5), 0.1, 2)
    torch.testing.assert_close(dropped[0, :, 0, 0], torch.tensor([[0, 0, 0, 4, 5], [1, 2, 3, 4, 5]]) * 10 / 7)


@pytest.mark.parametrize("size", [1, 3, 5])
def test_odd_cubes_are_torchvisions_to_the_bit(size):
    maps, found = torch.randn(4, 6, 5, 7, 9, generator=torch.Generator().manual_seed(0)), []
    for drop in (drop_blocks, drop_block3d):
        torch.manual_seed(1)
        found.append(drop(maps, 0.2, size))
    assert torch.equal(*found) and not torch.equal(found[0], maps)


@pytest.mark.parametrize(("size", "sides"), [(1, (4, 6, 8)), (2, (4, 6, 8)), (3, (2, 4, 7)), (9, (2, 4, 7))])
def test_about_the_rate_is_dropped_and_the_mean_is_kept(size, sides):
    torch.manual_seed(0)
    dropped = drop_blocks(torch.ones(64, 64, *sides), 0.1, size)
    assert (dropped == 0).float().mean().item() == pytest.approx(0.1, abs=0.01)
    assert dropped.mean().item() == pytest.approx(1, abs=1e-5)


def test_a_block_as_large_as_the_map_drops_whole_channels():
    torch.manual_seed(0)
    dropped = drop_blocks(torch.ones(8, 16, 2, 3, 4), 0.3, 9).flatten(2)
    assert set((dropped == 0).sum(dim=2).unique().tolist()) == {0, 24}


def test_nothing_left_is_zeros_and_no_clip_is_none(monkeypatch):
    assert drop_blocks(torch.ones(0, 2, 1, 2, 2), 0.1, 2).shape == (0, 2, 1, 2, 2)
    scripted(monkeypatch, [...])
    assert drop_blocks(torch.ones(1, 2, 1, 2, 2), 0.1, 2).abs().sum() == 0


@pytest.mark.parametrize("wrong", [{"rate": 0.0}, {"rate": 1.0}, {"rate": -0.1}, {"rate": 0.1, "size": 0}])
def test_an_impossible_block_is_refused(wrong):
    with pytest.raises(ValueError, match="(rate|size) must be"):
        DropBlock(**wrong)


def test_rates_of_stochastic_depth_rise_linearly():
    assert depth_rates(0.4, 4) == pytest.approx([0.1, 0.2, 0.3, 0.4]) and depth_rates(0.2, 2) == [0.1, 0.2]
    layers = Tiny("tiny", 8, residual=True, stochastic_depth=0.2).build(SHAPE).layers
    assert [layers[i].layer[-1].p for i in (1, 3)] == [0.1, 0.2]
    assert not any(isinstance(part, StochasticDepth) for i in (0, 2) for part in layers[i].modules())


def test_a_residual_layer_that_is_left_out_is_its_shortcut():
    """A layer that doubles, at a rate of 0.5: 0 or 4 times the input, plus the shortcut; the mean is kept."""
    layer = Residual(with_stochastic_depth(nn.Sequential(nn.AvgPool3d((2, 1, 1)), Double()), 0.5))
    torch.manual_seed(0)
    found = layer(torch.ones(4000, 1, 2, 1, 1)).flatten()
    assert set(found.tolist()) == {1.0, 5.0} and found.mean().item() == pytest.approx(3, abs=0.1)
    assert layer.eval()(torch.ones(2, 1, 2, 1, 1)).flatten().tolist() == [3.0, 3.0]


class Double(nn.Module):
    def forward(self, x):
        return 2 * x


def test_stochastic_depth_without_residual_layers_is_refused():
    with pytest.raises(ValueError, match="stochastic_depth needs residual layers: set residual to true, or it to 0"):
        Tiny("tiny", 8, stochastic_depth=0.1)


@pytest.mark.parametrize("rate", [-0.1, 1.0])
def test_an_impossible_depth_rate_is_refused(rate):
    with pytest.raises(ValueError, match=r"stochastic_depth must be in \[0, 1\)"):
        Tiny("tiny", 8, residual=True, stochastic_depth=rate)


REGULARISED = [{"drop_block": DROPS}, {"stochastic_depth": 0.5}, {"drop_block": DROPS, "stochastic_depth": 0.5}]


@pytest.mark.parametrize("options", REGULARISED, ids=str)
def test_a_backbone_has_the_same_weights_and_answers_with_and_without(options):
    x, built = clips(1, 4, *SHAPE)[0], []
    for own in ({}, options):
        torch.manual_seed(0)
        built.append(Tiny("tiny", 8, residual=True, **own).build(SHAPE))
    plain, regularised = built
    assert plain.state_dict().keys() == regularised.state_dict().keys()
    assert all(torch.equal(a, b) for a, b in zip(plain.state_dict().values(), regularised.state_dict().values()))
    assert torch.equal(plain.eval()(x), regularised.eval()(x))
    assert not torch.allclose(plain.train()(x), regularised.train()(x), atol=1e-3)


def test_drop_block_comes_after_the_last_two_layers():
    backbone = Tiny("tiny", 8, drop_block=DROPS).build(SHAPE)
    seen = []
    for part in backbone.modules():
        if isinstance(part, BlockDropout):
            part.register_forward_hook(lambda part, given, dropped: seen.append((given[0], dropped)))
    backbone(clips(1, 2, *SHAPE)[0])
    assert [tuple(maps.shape[1:]) for maps, _ in seen] == [(32, 4, 2, 3), (32, 2, 2, 3)]
    assert all((dropped == 0).sum() > (maps == 0).sum() for maps, dropped in seen)


def test_what_is_off_draws_nothing_and_adds_no_module():
    model = Tiny("tiny", 8, norm="batch", residual=True).build(SHAPE)
    assert not any(isinstance(part, (BlockDropout, StochasticDepth)) for part in model.modules())
    torch.manual_seed(3)
    before = torch.get_rng_state()
    model.train()(clips(1, 2, *SHAPE)[0])
    assert torch.equal(torch.get_rng_state(), before)
    Tiny("tiny", 8, drop_block=DROPS).build(SHAPE)(clips(1, 2, *SHAPE)[0])
    assert not torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize(("kind", "blocks"), [("r3d_18", 2), ("s3d", 1)])
def test_torchvisions_convolutional_nets_drop_blocks(kind, blocks):
    x, built = torch.randint(0, 256, (1, 8, 32, 40, 3), dtype=torch.uint8), []
    for drop in (None, DropBlock(0.5, 2)):
        torch.manual_seed(0)
        built.append(Video(kind, NoWeights("none"), checkpoint=bool(drop), channels_last=False, drop_block=drop))
    plain, dropping = (options.build((8, 32, 40)) for options in built)
    dropping.load_state_dict(plain.state_dict())
    assert sum(isinstance(part, BlockDropout) for part in dropping.modules()) == blocks
    assert torch.equal(plain.eval()(x), dropping.eval()(x))
    found = dropping.train()(x)
    assert not torch.allclose(plain.train()(x), found, atol=1e-3)
    found.sum().backward()  # with activation checkpoints: the same blocks are drawn again
    assert all(torch.isfinite(p.grad).all() for p in dropping.parameters())


@pytest.mark.parametrize("kind", ["mvit_v2_s", "swin3d_t"])
def test_a_transformer_with_drop_block_is_refused(kind):
    with pytest.raises(ValueError, match=f"drop_block needs a convolutional model, {kind} is none: set it to null"):
        Video(kind, NoWeights("none"), False, False, DROPS)


def test_torchvision_is_imported_only_for_stochastic_depth():
    script = (
        "import sys\nfrom tailwise.models.video.tiny import *\nTiny('tiny', 8, residual=True{}).build((4, 16, 16))\n"
    )
    for options, imported in (("", False), (", stochastic_depth=0.1", True)):
        code = f"{script.format(options)}sys.exit(('torchvision' in sys.modules) is not {imported})"
        subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": str(SRC)}, check=True)


def test_each_head_drops_at_its_own_rate_and_keeps_the_mean():
    """Heads 0 and 2 share the rate and the draw; of the others each has its own."""
    torch.manual_seed(0)
    dropout, ones = HeadDropout(0.5, {1: 0.2, 3: 0.0}, 4), torch.ones(200, 100)
    found = dropout.of_one(ones)
    assert torch.equal(found[0], found[2]) and torch.equal(found[3], ones)
    assert [set(of_head.unique().tolist()) for of_head in found[:2]] == [{0.0, 2.0}, {0.0, 1.25}]
    assert [of_head.mean().item() for of_head in found] == pytest.approx([1] * 4, abs=0.02)
    assert [(of_head == 0).float().mean().item() for of_head in found[:2]] == pytest.approx([0.5, 0.2], abs=0.02)
    assert all(torch.equal(of_head, ones) for of_head in dropout.eval().of_one(ones))


def test_heads_with_inputs_of_their_own_draw_apart():
    torch.manual_seed(0)
    first, second = HeadDropout(0.5, {}, 2).of_each([torch.ones(50, 50)] * 2)
    assert not torch.equal(first, second) and (second == 0).float().mean().item() == pytest.approx(0.5, abs=0.05)


def test_without_rates_of_their_own_heads_draw_once_as_a_single_dropout():
    torch.manual_seed(0)
    expected, after = nn.functional.dropout(torch.ones(5, 8), 0.3), torch.get_rng_state()
    torch.manual_seed(0)
    found = HeadDropout(0.3, {}, 3).of_one(torch.ones(5, 8))
    assert all(torch.equal(of_head, expected) for of_head in found) and torch.equal(torch.get_rng_state(), after)


class WithRates(Model):
    def additions(self):
        return Additions(head_dropout={"severity": 0.9})


@pytest.mark.parametrize("variant", [replace(variant, dropout=0.0) for variant in VARIANTS], ids=lambda v: v.kind)
def test_in_a_model_the_named_head_alone_drops_in_training_alone(variant):
    plain = build(variant)
    torch.manual_seed(0)
    model = WithRates(variant, Tiny("tiny", 8)).build(HEADS, (4, 32, 48))
    assert model.state_dict().keys() == plain.state_dict().keys()
    model.load_state_dict(plain.state_dict())
    x, present = clips(), mask(4, 2, 1)
    for training, same in ((False, True), (True, False)):
        found, expected = model.train(training)(x, present), plain.train(training)(x, present)
        assert torch.equal(found["action"], expected["action"])
        assert torch.equal(found["severity"], expected["severity"]) is same


@pytest.mark.parametrize("variant", [Simplified, Progressive, Dual])
def test_dropout_within_attention_follows_the_variant(variant):
    kind = variant.__name__.lower()
    fusion = variant(0.2, kind).build(16, [2, 3], {1: 0.6})
    attentions = [part.dropout for part in fusion.modules() if isinstance(part, nn.MultiheadAttention)]
    assert set(attentions) <= {0.2} and len(attentions) == (2 if kind == "dual" else 0)
    assert [part.p for part in fusion.dropout.of_head] == [0.2, 0.6]
