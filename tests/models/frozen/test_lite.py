"""EfficientNet-Lite0: the package's weights, TensorFlow's padding, and what another implementation gives."""

import pytest
import torch
from torch.nn import functional

from support.video.frozen import pixels
from tailwise.models.frozen.efficientnet import DIM, EfficientNetLite0, SameConv2d

OPTIONS = EfficientNetLite0("efficientnet_lite0")


@pytest.fixture(scope="module")
def net():
    built = OPTIONS.build()
    OPTIONS.pretrain(built)
    return built.eval()


@torch.no_grad()
def test_it_gives_what_the_package_efficientnet_lite_pytorch_gives(net):
    found = net(pixels(1, 64, 96))[0, 0]
    assert found.shape == (DIM,)
    assert found[:3].tolist() == pytest.approx([0.5648599, 0.0, 2.8025949], abs=1e-4)


@torch.no_grad()
def test_each_frame_is_embedded_alone(net):
    clips = torch.cat([pixels(2, 32, 48), pixels(2, 32, 48).flip(1)])
    found = net(clips)
    assert found.shape == (2, 2, DIM)
    torch.testing.assert_close(found[0, 0], found[1, 1], atol=1e-4, rtol=1e-4)


def test_it_has_the_parameters_of_the_paper_without_the_classifier(net):
    assert sum(parameter.numel() for parameter in net.parameters()) == 3_371_008


@pytest.mark.parametrize(
    ("size", "kernel", "stride", "padding"),
    [(4, 3, 2, (0, 1)), (5, 3, 2, (1, 1)), (7, 5, 2, (2, 2)), (8, 5, 2, (1, 2)), (6, 3, 1, (1, 1))],
)
def test_padding_is_tensorflows(size, kernel, stride, padding):
    layer, x = SameConv2d(1, 1, kernel, stride), torch.randn(1, 1, size, size)
    by_hand = functional.conv2d(functional.pad(x, (*padding, *padding)), layer.weight, None, stride)
    assert by_hand.shape[-1] == -(-size // stride)
    torch.testing.assert_close(layer(x), by_hand)


def test_small_frames_are_refused():
    with pytest.raises(ValueError, match="32x32"):
        OPTIONS.check_shape((8, 31, 64))
