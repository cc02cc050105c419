"""The video backbones: torchvision's nets without their last layer."""

import copy
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
import torch
from torch import nn

from support.slow import slow_but
from tailwise.core.errors import UserError
from tailwise.core.params.typed import convert
from tailwise.models.video.backbones import ARCHITECTURES, Video
from tailwise.models.weights import NoWeights

SRC = Path(__file__).parents[3] / "src"
TRANSFORMERS = ["mvit_v2_s", "swin3d_t"]
ALIKE = ["mc3_18", "r2plus1d_18"]
"""r3d_18 with other convolutions: in `make test` it stands for them."""
KINDS = slow_but(ARCHITECTURES, *(kind for kind in ARCHITECTURES if kind not in ALIKE))
CONVOLUTIONAL = slow_but(["r3d_18", "s3d", *ALIKE], "r3d_18", "s3d")
SMALL = (8, 32, 40)


def video(kind, checkpoint=False, channels_last=False):
    return Video(kind, NoWeights("none"), checkpoint, channels_last)


@pytest.fixture(scope="module", autouse=True)
def _forget():
    """Nets are initialised once for these tests, and then released."""
    yield
    initialised.cache_clear()


def fresh(kind, shape=SMALL, **options):
    return copy.deepcopy(initialised(kind, shape, **options))


@cache
def initialised(kind, shape, **options):
    torch.manual_seed(0)
    return video(kind, **options).build(shape)


def clips(n=1, shape=SMALL):
    return torch.randint(0, 256, (n, *shape, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize(
    ("kind", "width"),
    [("r3d_18", 512), ("mc3_18", 512), ("r2plus1d_18", 512), ("s3d", 1024), ("mvit_v2_s", 768), ("swin3d_t", 768)],
)
def test_an_embedding_is_as_wide_as_it_says(kind, width):
    backbone = fresh(kind)
    assert backbone.dim == width and backbone(clips(2)).shape == (2, width)


@pytest.mark.parametrize("kind", KINDS)
def test_bytes_and_the_same_floats_are_one_picture(kind):
    backbone = fresh(kind).eval()
    torch.testing.assert_close(backbone(clips()), backbone(clips().float()))


@pytest.mark.parametrize("kind", KINDS)
def test_a_fresh_net_distinguishes_clips_and_frame_order(kind):
    backbone = fresh(kind).eval()
    one, backwards, other = backbone(torch.cat([clips(), clips().flip(1), clips() // 4]))
    assert (one - backwards).norm() > 0.01 * one.norm() and (one - other).norm() > 0.01 * one.norm()


@pytest.mark.parametrize("kind", CONVOLUTIONAL)
def test_a_step_on_one_clip_trains_all_but_the_statistics_of_batch_norm(kind):
    backbone = nn.Sequential(fresh(kind)).train()
    before = copy.deepcopy(backbone.state_dict())
    backbone(clips()).square().mean().backward()
    torch.optim.SGD(backbone.parameters(), 0.1).step()
    moved = {name for name, tensor in backbone.state_dict().items() if not torch.equal(tensor, before[name])}
    assert moved == {name for name, _ in backbone.named_parameters()}


@pytest.mark.parametrize("kind", TRANSFORMERS)
def test_a_step_on_one_clip_has_a_gradient_for_every_parameter(kind):
    backbone = fresh(kind)
    backbone.eval()(clips()).square().mean().backward()
    assert all(torch.isfinite(p.grad).all() for p in backbone.parameters())


@pytest.mark.parametrize("kind", CONVOLUTIONAL)
def test_a_clip_does_not_see_its_neighbours_even_in_training(kind):
    backbone = fresh(kind)
    assert backbone.training
    torch.testing.assert_close(backbone(clips(2))[:1], backbone(clips(2)[:1]), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_checkpoints_change_neither_embedding_nor_gradient(kind):
    one, other = fresh(kind).train(), fresh(kind, checkpoint=True).train()
    assert_same_step(one, other, clips(2), embedding=1e-6, gradient=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_every_block_is_computed_again_with_checkpoints_and_in_training_alone(kind):
    backbone, calls = fresh(kind, checkpoint=True), []
    convolution = [part for part in backbone.modules() if isinstance(part, (nn.Conv3d, nn.Linear))][-1]
    convolution.register_forward_pre_hook(lambda part, given: calls.append(1))
    backbone.train()(clips()).sum().backward()
    assert len(calls) == 2
    backbone.eval()(clips()).sum().backward()
    assert len(calls) == 3


@pytest.mark.parametrize("kind", CONVOLUTIONAL)
def test_channels_last_changes_neither_embedding_nor_gradient(kind):
    one, other = fresh(kind), fresh(kind, channels_last=True)
    assert other.net.state_dict()[kernel(kind)].is_contiguous(memory_format=torch.channels_last_3d)
    assert_same_step(one, other, clips(2), embedding=1e-4, gradient=1e-2)


def kernel(kind):
    """The name of a convolution's weights that are laid out in one way alone."""
    return {"r3d_18": "layer1.0.conv1.0.weight", "mc3_18": "layer1.0.conv1.0.weight"}.get(
        kind, "layer1.0.conv1.0.0.weight" if kind == "r2plus1d_18" else "features.3.0.0.weight"
    )


def assert_same_step(one, other, x, embedding, gradient):
    """Embeddings as close as `embedding`, and each gradient's difference at most `gradient` of its length.

    A rectifier that flips at 0 changes a few entries by much more than rounding does.
    """
    embedded = []
    for backbone in (one, other):
        torch.manual_seed(5)
        embedded.append(backbone(x))
        embedded[-1].square().mean().backward()
    torch.testing.assert_close(*embedded, rtol=embedding, atol=embedding, check_dtype=False)
    for ours, theirs in zip(one.parameters(), other.parameters()):
        assert (ours.grad - theirs.grad).norm() <= gradient * theirs.grad.norm()


@pytest.mark.parametrize("kind", TRANSFORMERS)
def test_channels_last_is_refused_where_it_has_no_effect(kind):
    with pytest.raises(ValueError, match=f"channels_last has no effect on {kind}"):
        video(kind, channels_last=True)


@pytest.mark.parametrize("kind", KINDS)
def test_the_smallest_clip_has_an_embedding_and_a_gradient(kind):
    frames, pixels = ARCHITECTURES[kind].least
    backbone = fresh(kind, (frames, pixels, pixels))
    embedded = backbone(clips(1, (frames, pixels, pixels)))
    embedded.sum().backward()
    assert torch.isfinite(embedded).all()


@pytest.mark.parametrize(
    ("kind", "shape", "refusal"),
    [
        ("s3d", (7, 17, 17), "s3d needs 8 or more frames of 17x17 or more pixels, found 7 of 17x17"),
        ("s3d", (8, 16, 17), "s3d needs 8 or more frames of 17x17 or more pixels, found 8 of 16x17"),
        ("s3d", (8, 17, 16), "s3d needs 8 or more frames of 17x17 or more pixels, found 8 of 17x16"),
        *[(kind, (0, 32, 32), f"{kind} needs 1 or more frames") for kind in ARCHITECTURES if kind != "s3d"],
    ],
)
def test_a_smaller_clip_is_refused(kind, shape, refusal):
    with pytest.raises(ValueError, match=refusal):
        video(kind).build(shape)


@pytest.mark.parametrize("kind", TRANSFORMERS)
@pytest.mark.parametrize("shape", [(5, 45, 61), (3, 30, 90)])
def test_sides_need_not_be_multiples_of_anything(kind, shape):
    assert torch.isfinite(fresh(kind, shape)(clips(1, shape))).all()


def test_a_backbone_takes_clips_of_another_shape_too():
    backbone = fresh("mvit_v2_s").eval()
    assert torch.isfinite(backbone(clips(1, (8, 48, 64)))).all()


def test_parameters_are_read_from_their_section():
    section = {"kind": "s3d", "weights": {"kind": "kinetics400"}, "checkpoint": True, "channels_last": False}
    found = convert(Video, section, "model.backbone")
    assert (found.kind, found.weights.kind, found.checkpoint, found.channels_last) == (
        "s3d",
        "kinetics400",
        True,
        False,
    )
    with pytest.raises(UserError, match="model.backbone: channels_last has no effect on swin3d_t"):
        convert(Video, {**section, "kind": "swin3d_t", "channels_last": True}, "model.backbone")


def test_torchvision_is_imported_only_to_build():
    script = "import sys, tailwise.models.video.backbones; sys.exit('torchvision' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], env={**os.environ, "PYTHONPATH": str(SRC)}).returncode == 0


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["s3d", *TRANSFORMERS])
def test_a_clip_of_the_official_size_is_taken(kind):
    """The resnets, alike at all sizes and slow on processors, are run at this one by bench/backbones.py, as are the
    gradients of all."""
    shape = (16, 224, 400)
    with torch.no_grad():
        embedded = fresh(kind, shape)(clips(1, shape))
    assert embedded.shape == (1, ARCHITECTURES[kind].dim) and torch.isfinite(embedded).all()


@pytest.mark.parametrize("channels_last", [False, True])
@pytest.mark.parametrize("frames", [8, 9, 16])
def test_the_gradient_of_s3d_is_that_of_double_precision(frames, channels_last):
    shape = (frames, 17, 17)
    single = fresh("s3d", shape, channels_last=channels_last)
    double = copy.deepcopy(single).double()
    assert_same_step(single, double, clips(2, shape), embedding=1e-4, gradient=1e-3)
