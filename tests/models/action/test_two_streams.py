"""Fusion of two streams: shapes, directions, order of time, limits on parameters."""

import pytest
import torch

from support.video.frozen import pixels
from tailwise.core.errors import UserError
from tailwise.core.heads import Head
from tailwise.models.action.fusion import Average, Concatenation, CrossAttention, OneStream
from tailwise.models.action.model import Limits, TwoStreams, check_limits
from tailwise.models.frozen.dinov3 import DINOv3
from tailwise.models.frozen.efficientnet import EfficientNetLite0
from tailwise.models.frozen.i3d import I3D
from tailwise.models.frozen.motion import OwnMotion
from tailwise.models.frozen.streams import Streams

SMALL = Streams(EfficientNetLite0("efficientnet_lite0"), OwnMotion("own", "", 8))
HEADS = (Head("action", ("push", "pull", "lift")),)
CROSS = CrossAttention("cross_attention", heads=4)
FUSIONS = [
    CROSS,
    CrossAttention("cross_attention", heads=2, depth=2, direction="semantic", mlp=0.0),
    CrossAttention("cross_attention", heads=8, direction="motion"),
    Concatenation("concatenation"),
    Average("average"),
    OneStream("one_stream", "semantic"),
    OneStream("one_stream", "motion"),
]


def model(fusion, steps=(4, 2)):
    torch.manual_seed(1)
    return TwoStreams(fusion, width=16, dropout=0.0).build(SMALL, HEADS, steps).eval()


def tokens(batch=2, steps=(4, 2)):
    torch.manual_seed(2)
    return {"semantic": torch.randn(batch, steps[0], 1280), "motion": torch.randn(batch, steps[1], 32)}


@pytest.mark.parametrize("fusion", FUSIONS)
@pytest.mark.parametrize("batch", [1, 3])
def test_every_fusion_gives_logits_of_any_batch_and_moves(fusion, batch):
    net = model(fusion)
    logits = net(**tokens(batch))["action"]
    assert logits.shape == (batch, 3)
    logits.sum().backward()
    used = {name for name in ("semantic", "motion") if getattr(fusion, "stream", name) == name}
    moved = {name for name in ("semantic", "motion") if net.project[name].linear.weight.grad is not None}
    assert used == moved
    assert all(parameter.grad is None for parameter in net.streams.parameters())


@pytest.mark.parametrize("stream", ["semantic", "motion"])
def test_one_stream_sees_nothing_of_the_other(stream):
    net, given = model(OneStream("one_stream", stream)), tokens()
    other = "motion" if stream == "semantic" else "semantic"
    changed = {**given, other: torch.zeros_like(given[other])}
    assert torch.equal(net(**given)["action"], net(**changed)["action"])


def test_attention_of_each_direction_is_of_the_other_streams_steps():
    _, maps = model(CROSS).look(**tokens())
    assert {name: of.shape for name, of in maps.items()} == {"semantic": (2, 4, 4, 2), "motion": (2, 4, 2, 4)}
    for of in maps.values():
        torch.testing.assert_close(of.sum(dim=-1), torch.ones(of.shape[:-1]))
    _, maps = model(CrossAttention("cross_attention", heads=4, direction="motion")).look(**tokens())
    assert list(maps) == ["motion"]


def test_cross_attention_sees_the_order_of_time_and_pooling_does_not():
    given = tokens()
    turned = {**given, "semantic": given["semantic"].flip(1)}
    cross, flat = model(CROSS), model(Concatenation("concatenation"))
    assert not torch.allclose(cross(**given)["action"], cross(**turned)["action"], atol=1e-4)
    torch.testing.assert_close(flat(**given)["action"], flat(**turned)["action"])


def test_clips_give_what_their_tokens_give():
    net = model(CROSS, (8, 2))
    clips = pixels(8, 32, 32)
    torch.testing.assert_close(net(clips=clips)["action"], net(**net.streams(clips))["action"])


def test_features_of_other_streams_are_refused():
    net = model(CROSS)
    origins = {name: net.streams.origin(name) for name in ("semantic", "motion")}
    net.expect(origins, "data/features/valid")
    net(**tokens())
    net.expect({**origins, "motion": "other"}, "data/features/valid")
    with pytest.raises(UserError, match="data/features/valid: features of other streams"):
        net(**tokens())


def full_size(**changed):
    """Both streams at their published sizes, 16 frames, 174 classes; without memory for the weights."""
    streams = Streams(DINOv3("", "", "dinov3"), I3D("", "", "i3d", "mmaction2"))
    heads = (Head("action", tuple(map(str, range(174)))),)
    options = TwoStreams(CrossAttention("cross_attention", heads=8), width=512, **changed)
    with torch.device("meta"):
        return options.build(streams, heads, (16, streams.motion.steps(16)))


def test_at_full_size_it_keeps_to_the_limits():
    net = full_size()
    trained = {name for name, _ in net.named_parameters() if not name.startswith("streams.")}
    line = check_limits(net, trained, Limits(20_000_000, 0.85))
    assert line == "61,569,262 parameters, 5,648,302 trained, 90.8% frozen"
    with pytest.raises(ValueError, match="trainable 1,000,000 is exceeded"):
        check_limits(net, trained, Limits(1_000_000, 0.85))
    with pytest.raises(ValueError, match="frozen 95% is not reached"):
        check_limits(net, trained, Limits(20_000_000, 0.95))


@pytest.mark.parametrize("heads", [4, 8, 16])
def test_the_number_of_heads_changes_no_parameter_count(heads):
    with torch.device("meta"):
        net = TwoStreams(CrossAttention("cross_attention", heads=heads), width=512).build(SMALL, HEADS, (8, 2))
    assert sum(of.numel() for of in net.fusion.parameters()) == 2 * 2_103_808 + 2 * 1_024


def test_heads_must_divide_the_width_and_a_model_falls_back_to_concatenation():
    with pytest.raises(ValueError, match="heads 3 does not divide width 16"):
        TwoStreams(CrossAttention("cross_attention", heads=3), width=16)
    simpler = TwoStreams(CROSS, width=16).fallback()
    assert isinstance(simpler.fusion, Concatenation) and simpler.fallback() is None
