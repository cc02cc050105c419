"""Two frozen streams: their tokens, and that nothing of them moves."""

import hashlib

import pytest
import torch
from safetensors.torch import save_file

from support.video.frozen import pixels
from tailwise.core.errors import UserError
from tailwise.models.frozen.efficientnet import EfficientNetLite0
from tailwise.models.frozen.i3d import I3D
from tailwise.models.frozen.kinetics import FRAMES_A_STEP, KineticsNet
from tailwise.models.frozen.motion import OwnMotion
from tailwise.models.frozen.streams import Streams, pooled

LITE, OWN = EfficientNetLite0("efficientnet_lite0"), OwnMotion("own", "motion.safetensors", 8)
STREAMS = Streams(LITE, OWN, every=2)
MOTIONS = [OWN, I3D("", "", "i3d", "mmaction2"), I3D("", "", "i3d", "pytorchvideo")]
MOTIONS += [KineticsNet("", "", kind) for kind in FRAMES_A_STEP]


@pytest.mark.parametrize("motion", MOTIONS, ids=lambda motion: getattr(motion, "layout", motion.kind))
@torch.no_grad()
def test_steps_and_widths_are_those_of_the_tokens(motion):
    net = motion.build().eval()
    for frames in (8, 11):
        motion.check_shape((frames, 32, 32))
        assert net(pixels(frames, 32, 32)).shape == (1, motion.steps(frames), motion.dim)


def test_tokens_of_both_streams():
    net = STREAMS.build()
    found = net(pixels(8, 32, 48))
    steps = STREAMS.steps(8)
    assert {name: tokens.shape for name, tokens in found.items()} == {
        name: (1, steps[name], STREAMS.dims[name]) for name in ("semantic", "motion")
    }
    assert steps == {"semantic": 4, "motion": 2}


def test_no_mode_and_no_backward_pass_moves_them():
    net = STREAMS.build().train()
    assert not any(part.training for part in net.modules())
    before = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    assert not any(tokens.requires_grad for tokens in net(pixels(8, 32, 32)).values())
    assert all(torch.equal(tensor, before[name]) for name, tensor in net.state_dict().items())


def test_the_origin_is_of_one_stream_and_its_weights():
    torch.manual_seed(1)
    net, same = STREAMS.build(), Streams(LITE, OWN, every=1).build()
    same.load_state_dict(net.state_dict())
    assert same.origin("motion") == net.origin("motion")
    assert same.origin("semantic") != net.origin("semantic")  # it takes other frames
    with torch.no_grad():
        same.motion.patches.bias[0] += 1
    assert same.origin("motion") != net.origin("motion")


def test_pooling_keeps_one_token():
    tokens = torch.tensor([[[1.0, 4.0], [3.0, 2.0]]])
    assert pooled(tokens, "mean").tolist() == [[[2.0, 3.0]]]
    assert pooled(tokens, "max").tolist() == [[[3.0, 4.0]]]
    assert pooled(tokens, "none") is tokens


def test_the_own_motion_net_takes_the_stream_of_its_training(tmp_path):
    torch.manual_seed(1)
    trained = OWN.build()
    file = tmp_path / "motion.safetensors"
    save_file({f"stream.{name}": tensor for name, tensor in trained.state_dict().items()}, file)
    net = OWN.build()
    OwnMotion("own", str(file), 8).pretrain(net)
    assert all(torch.equal(tensor, net.state_dict()[name]) for name, tensor in trained.state_dict().items())
    with pytest.raises(UserError, match="train it again"):
        OwnMotion("own", str(file), 16).pretrain(OwnMotion("own", "", 16).build())
    with pytest.raises(UserError, match="absent.safetensors: .*train_motion"):
        OwnMotion("own", str(tmp_path / "absent.safetensors"), 8).pretrain(net)


def test_a_file_of_torchvision_is_read(tmp_path):
    kind = KineticsNet("", "", "r3d_18")
    net = kind.build()
    file = tmp_path / "r3d.pth"
    torch.save({**net.backbone.net.state_dict(), "fc.weight": torch.zeros(400, 512)}, file)
    again = KineticsNet(str(file), hashlib.sha256(file.read_bytes()).hexdigest(), "r3d_18")
    other = again.build()
    again.pretrain(other)
    assert torch.equal(other.backbone.net.stem[0].weight, net.backbone.net.stem[0].weight)
