"""I3D on a ResNet-50: what pytorchvideo gives, and the names of two packages' files."""

import hashlib
import re

import pytest
import torch

from support.video.frozen import filled, pixels
from tailwise.models.frozen.i3d import I3D, from_mmaction, from_pytorchvideo


def i3d(layout, path="", sha256="") -> I3D:
    return I3D(path, sha256, "i3d", layout)


@pytest.fixture(scope="module")
def nets():
    return {layout: filled(i3d(layout).build()) for layout in ("mmaction2", "pytorchvideo")}


@torch.no_grad()
def test_it_gives_what_pytorchvideo_gives(nets):
    found = nets["pytorchvideo"](pixels(8, 32, 48))[0, 0, :4]
    assert found.tolist() == pytest.approx([13.4190273, 13.0987835, 11.6755295, 9.7757587], rel=1e-4)


def test_its_size_is_that_of_the_paper(nets):
    assert sum(parameter.numel() for parameter in nets["mmaction2"].parameters()) == 27_223_872


def of_mmaction(name: str) -> str:
    name = name.replace("shortcut_norm", "downsample.bn").replace("shortcut", "downsample.conv")
    name = re.sub(r"norm(\d)", r"conv\1.bn", name)
    return "backbone." + re.sub(r"conv(\d)(?!\.bn)", r"conv\1.conv", name)


def of_pytorchvideo(name: str) -> str:
    if stem := re.match(r"(conv|norm)1\.(.*)", name):
        return f"blocks.0.{stem[1]}.{stem[2]}"
    layer, block, rest = name.split(".", 2)
    rest = rest.replace("shortcut_norm", "branch1_norm").replace("shortcut", "branch1_conv")
    rest = re.sub(r"^(conv|norm)(\d)", lambda of: f"branch2.{of[1]}_{'abc'[int(of[2]) - 1]}", rest)
    return f"blocks.{[0, 1, 3, 4, 5][int(layer[-1])]}.res_blocks.{block}.{rest}"


def test_names_of_both_packages_are_theirs():
    assert of_mmaction("layer1.0.conv1.weight") == "backbone.layer1.0.conv1.conv.weight"
    assert of_mmaction("layer2.0.shortcut_norm.bias") == "backbone.layer2.0.downsample.bn.bias"
    assert of_pytorchvideo("layer2.1.norm3.weight") == "blocks.3.res_blocks.1.branch2.norm_c.weight"


@pytest.mark.parametrize(
    ("layout", "rename", "ours", "extra", "wrapper"),
    [
        ("mmaction2", of_mmaction, from_mmaction, "cls_head.fc_cls.weight", "state_dict"),
        ("pytorchvideo", of_pytorchvideo, from_pytorchvideo, "blocks.6.proj.weight", "model_state"),
    ],
)
def test_a_file_of_each_package_is_read(nets, layout, rename, ours, extra, wrapper, tmp_path):
    mine = nets[layout].state_dict()
    theirs = {rename(name): tensor for name, tensor in mine.items()} | {extra: torch.zeros(2)}
    assert list(ours(theirs)) == list(mine)
    file = tmp_path / ("net.pth" if layout == "mmaction2" else "net.pyth")
    torch.save({"meta": {"epoch": 100}, wrapper: theirs}, file)
    again = i3d(layout, str(file), hashlib.sha256(file.read_bytes()).hexdigest())
    net = again.build().eval()
    again.pretrain(net)
    assert all(torch.equal(tensor, net.state_dict()[name]) for name, tensor in mine.items())


def test_too_short_clips_are_refused():
    i3d("pytorchvideo").check_shape((2, 64, 64))
    with pytest.raises(ValueError, match="5 or more frames"):
        i3d("mmaction2").check_shape((4, 64, 64))
