"""EfficientNet-Lite0 of pictures: the package's weights and what they give, its statistics, what is refused."""

import pytest
import torch

from support.video.frozen import pixels
from tailwise.core.errors import UserError
from tailwise.core.heads import Head
from tailwise.core.params.typed import convert
from tailwise.models.frozen.efficientnet import DIM, EfficientNetLite0
from tailwise.models.image.classifier import ImageModel
from tailwise.models.image.lite import Lite0

HEADS = (Head("kind", ("simple", "text", "gradient", "complex")),)
SIZE = 64
LITE = Lite0("lite0")
PICTURES = pixels(2, SIZE, SIZE)[0].movedim(-1, 1)
"""(2, 3, 64, 64) uint8"""


@pytest.fixture(scope="module")
def package():
    """The net of single frames, with the weights that the package's file has."""
    net = EfficientNetLite0("efficientnet_lite0").build()
    EfficientNetLite0("efficientnet_lite0").pretrain(net)
    return net.eval()


def pretrained(**options):
    model = ImageModel(Lite0("lite0", **options), fallbacks=(), dropout=0.0)
    net = model.build(HEADS, SIZE)
    model.pretrain(net)
    return net


def test_its_weights_are_those_of_the_package(package):
    found = pretrained().backbone.net.state_dict()
    assert found.keys() == package.state_dict().keys()
    assert all(torch.equal(tensor, found[name]) for name, tensor in package.state_dict().items())


@torch.no_grad()
def test_it_embeds_a_picture_as_the_net_of_frames_embeds_a_frame(package):
    found = pretrained().backbone(PICTURES)
    assert found.shape == (2, DIM)
    torch.testing.assert_close(found, package(PICTURES.movedim(1, -1)[None])[0], atol=1e-4, rtol=1e-4)


def test_without_pretraining_the_weights_stay_random(package):
    found = pretrained(pretrained=False, norm="batch").backbone.net.state_dict()
    assert not torch.equal(found["_conv_stem.weight"], package.state_dict()["_conv_stem.weight"])


@pytest.mark.parametrize(("norm", "kept"), [("frozen", True), ("batch", False)])
def test_frozen_batch_norm_keeps_the_statistics_of_the_weights(norm, kept):
    net = pretrained(norm=norm).train()
    before = net.backbone.net.get_submodule("_bn0").running_mean.clone()
    net(image=PICTURES)
    assert torch.equal(before, net.backbone.net.get_submodule("_bn0").running_mean) == kept


def test_a_frozen_net_answers_alike_in_training_and_in_evaluation():
    net = pretrained()
    torch.testing.assert_close(net.train()(image=PICTURES), net.eval()(image=PICTURES))


def test_its_bare_options_name_the_same_tensors_and_outputs():
    own, bare = pretrained(), ImageModel(LITE, fallbacks=()).bare().build(HEADS, SIZE)
    bare.load_state_dict(own.state_dict())
    torch.testing.assert_close(bare.eval()(image=PICTURES)["kind"], own.eval()(image=PICTURES)["kind"])


def test_a_step_moves_every_parameter_of_the_trunk():
    net = pretrained()
    net(image=PICTURES)["kind"][:, 0].sum().backward()
    assert all(parameter.grad is not None for parameter in net.backbone.parameters())


def test_it_can_be_a_member_of_an_ensemble(package):
    members = [{"kind": "lite0"}, {"kind": "small", "width": 2}]
    model = convert(ImageModel, {"backbone": {"kind": "ensemble", "members": members}, "fallbacks": []}, "model")
    net = model.build(HEADS, SIZE)
    model.pretrain(net)
    assert torch.equal(net.members[0].backbone.net.state_dict()["_conv_stem.weight"], package._conv_stem.weight)
    assert net.eval()(image=PICTURES)["kind"].shape == (2, 4)


def test_frozen_statistics_of_random_weights_are_refused():
    with pytest.raises(UserError, match="norm frozen keeps the statistics"):
        convert(ImageModel, {"backbone": {"kind": "lite0", "pretrained": False}}, "model")


def test_small_pictures_are_refused():
    with pytest.raises(ValueError, match="33 pixels or more"):
        LITE.build(32)
