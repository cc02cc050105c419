"""Pretrained weights: official files give torchvision's own embeddings, any other is refused."""

import copy
import hashlib
import os
import pickle
import zipfile
from functools import cache
from pathlib import Path
from urllib.error import URLError

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from support.slow import slow_but
from tailwise.core.errors import UserError
from tailwise.core.params.typed import convert
from tailwise.models.video.backbones import ARCHITECTURES, Video
from tailwise.models.video.pretrained import Kinetics400
from tailwise.models.weights import NoWeights, WeightsFile

KINDS = list(ARCHITECTURES)
FILES = [*((kind, ".pth") for kind in KINDS), ("s3d", ".safetensors"), ("swin3d_t", ".safetensors")]
SHAPES = {"s3d": (16, 224, 224), "mvit_v2_s": (16, 224, 224), "swin3d_t": (8, 112, 112)}
"""s3d's window and MViT's tables fix theirs; the others are compared at a smaller one."""


@pytest.fixture(scope="module", autouse=True)
def _forget():
    """Nets are initialised once for these tests, and then released."""
    yield
    official_once.cache_clear()
    fresh_once.cache_clear()


def official(kind):
    """torchvision's own net with the official head, its batch norm statistics not those of a fresh net."""
    return copy.deepcopy(official_once(kind))


@cache
def official_once(kind):
    from torchvision import models  # takes seconds, in each process that collects tests

    torch.manual_seed(7)
    net = models.get_model(kind, weights=None, num_classes=400).eval()
    for part in net.modules():
        if isinstance(part, nn.BatchNorm3d):
            part.running_mean.uniform_(-0.1, 0.1)
            part.running_var.uniform_(0.5, 1.5)
    return net


def file_of(path):
    return WeightsFile("file", str(path), hashlib.sha256(Path(path).read_bytes()).hexdigest())


def write(tensors, path):
    """A file as its suffix says, and what names it in the parameters."""
    if path.suffix == ".pth":
        torch.save(tensors, path)
    else:
        save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, path)
    return file_of(path)


def started(kind, weights, shape=(8, 32, 40)):
    video = Video(kind, weights, False, False)
    backbone = copy.deepcopy(fresh_once(kind, shape))
    video.pretrain(backbone)
    return backbone.eval()


@cache
def fresh_once(kind, shape):
    torch.manual_seed(0)
    return Video(kind, NoWeights("none"), False, False).build(shape)


@pytest.fixture(scope="module")
def s3d(tmp_path_factory):
    """A whole official file of the smallest net. Nobody may change it."""
    file = tmp_path_factory.mktemp("official") / "s3d.pth"
    write(official("s3d").state_dict(), file)
    return file


@pytest.mark.parametrize(
    ("kind", "suffix"),
    slow_but(FILES, ("r3d_18", ".pth"), ("s3d", ".pth"), ("swin3d_t", ".safetensors")),
)
def test_an_official_file_gives_the_embedding_of_torchvision(folder, kind, suffix):
    net, shape = official(kind), SHAPES.get(kind, (8, 56, 56))
    backbone = started(kind, write(net.state_dict(), folder / f"official{suffix}"), shape)
    setattr(net, ARCHITECTURES[kind].head, nn.Identity())
    assert all(torch.equal(tensor, backbone.net.state_dict()[name]) for name, tensor in net.state_dict().items())
    clip = torch.randint(0, 256, (1, *shape, 3), dtype=torch.uint8)
    with torch.no_grad():
        torch.testing.assert_close(backbone(clip), net(as_torchvision(kind, clip)), rtol=1e-4, atol=1e-5)


def as_torchvision(kind, clip):
    """What torchvision's own transform makes of a clip that has its size already."""
    from torchvision import models

    seen = models.get_model_weights(kind).KINETICS400_V1.transforms(
        crop_size=clip.shape[2:4], resize_size=clip.shape[2:4]
    )
    return seen(clip.permute(0, 1, 4, 2, 3).contiguous())


def test_tables_of_relative_positions_are_resized_as_torchvision_does(folder):
    shape = (12, 96, 160)
    net = official("mvit_v2_s")
    backbone = started("mvit_v2_s", write(net.state_dict(), folder / "official.pth"), shape)
    net.head, net.pos_encoding.temporal_size, net.pos_encoding.spatial_size = nn.Identity(), 6, (24, 40)
    clip = torch.randint(0, 256, (1, *shape, 3), dtype=torch.uint8)
    with torch.no_grad():
        torch.testing.assert_close(backbone(clip), net(as_torchvision("mvit_v2_s", clip)), rtol=1e-4, atol=1e-5)
    assert len(backbone.net.blocks[0].attn.rel_pos_w) == 2 * 40 - 1


def test_none_changes_nothing():
    one, other = fresh_once("s3d", (8, 32, 40)), started("s3d", NoWeights("none"))
    assert all(torch.equal(a, b) for a, b in zip(one.state_dict().values(), other.state_dict().values()))


def test_counts_of_batches_may_be_absent(folder, s3d):
    older = {name: tensor for name, tensor in torch.load(s3d).items() if "num_batches_tracked" not in name}
    started("s3d", write(older, folder / "older.pth"))


def test_kinetics400_is_what_torchvision_downloads(monkeypatch):
    from torchvision.models import _api

    net, asked = official("s3d"), []
    monkeypatch.setattr(_api, "load_state_dict_from_url", lambda url, **how: asked.append(how) or net.state_dict())
    backbone = started("s3d", Kinetics400("kinetics400"))
    assert torch.equal(backbone.net.features[0][0][0].weight, net.features[0][0][0].weight)
    assert asked == [{"progress": False, "check_hash": True, "weights_only": True}]


def test_without_a_network_the_way_around_is_named(monkeypatch):
    from torchvision.models import _api

    def offline(url, **how):
        raise URLError("Name or service not known")

    monkeypatch.setattr(_api, "load_state_dict_from_url", offline)
    with pytest.raises(
        UserError, match="s3d-d76dad2f.pth cannot be downloaded .*; download it elsewhere and use weights: {kind: file"
    ):
        started("s3d", Kinetics400("kinetics400"))


def test_a_wrong_checksum_is_refused_with_both(s3d):
    right, wrong = file_of(s3d).sha256, "0" * 64
    with pytest.raises(UserError, match=f"s3d.pth: sha256 should be {wrong}, found {right}"):
        started("s3d", WeightsFile("file", str(s3d), wrong))


def test_an_absent_file_is_refused(folder):
    with pytest.raises(UserError, match="no.pth: No such file"):
        started("s3d", WeightsFile("file", "no.pth", "0" * 64))


@pytest.mark.parametrize("left", [0, 10, 1000, 1_000_000])
@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_a_truncated_file_is_refused(folder, s3d, suffix, left):
    write(torch.load(s3d), folder / f"whole{suffix}")
    cut = folder / f"cut{suffix}"
    cut.write_bytes((folder / f"whole{suffix}").read_bytes()[:left])
    with pytest.raises(UserError, match=f"cut{suffix}: not a whole file of weights alone"):
        started("s3d", file_of(cut))


class Code:
    """What a pickle may do that weights may not."""

    def __reduce__(self):
        return (Path.touch, (Path("touched"),))


@pytest.mark.parametrize("protocol", [None, 2])
def test_a_pickle_with_code_is_refused_and_not_run(folder, protocol):
    path = folder / "code.pth"
    path.write_bytes(pickle.dumps({"a": Code()}, protocol)) if protocol else torch.save({"a": Code()}, path)
    with pytest.raises(UserError, match="code.pth: not a whole file of weights alone"):
        started("s3d", file_of(path))
    assert not (folder / "touched").exists()


@pytest.mark.parametrize("content", [[1, 2], {"epoch": 3}])
def test_a_file_of_something_else_is_refused(folder, content):
    torch.save(content, folder / "other.pth")
    with pytest.raises(UserError, match="other.pth: not a plain state dict"):
        started("s3d", file_of(folder / "other.pth"))


def test_a_file_that_wraps_nothing_is_refused(folder):
    torch.save({"state_dict": {}}, folder / "other.pth")
    with pytest.raises(UserError, match="other.pth: not the weights of this architecture: .* is missing"):
        started("s3d", file_of(folder / "other.pth"))


@pytest.mark.parametrize("key", [1, ("a",), None, b"a" * 10**6])
def test_a_key_that_is_no_text_is_refused(folder, key):
    torch.save({key: torch.zeros(2)}, folder / "keys.pth")
    with pytest.raises(UserError, match="keys.pth: not a plain state dict: the key .* is no text$") as refused:
        started("s3d", file_of(folder / "keys.pth"))
    assert len(str(refused.value)) < 300


def test_torch_s_advice_to_read_without_protection_is_not_passed_on(folder):
    torch.save({"a": Code()}, folder / "code.pth")
    with pytest.raises(UserError) as refused:
        started("s3d", file_of(folder / "code.pth"))
    assert "weights_only" not in str(refused.value) and "\x1b" not in str(refused.value)
    assert str(refused.value).endswith("(it is cut off, or has other things than tensors)")


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda tensor: tensor.fill_(float("nan")), "features.2.1.weight has NaN or infinite numbers"),
        (lambda tensor: tensor.double().fill_(1e300), "features.2.1.weight has NaN or infinite numbers"),
        (lambda tensor: tensor.long(), "features.2.1.weight is int64, not floats"),
        (lambda tensor: tensor.to(torch.complex64), "features.2.1.weight is complex64, not floats"),
        (lambda tensor: tensor.to_sparse(), "features.2.1.weight is not a dense CPU tensor"),
        (lambda tensor: torch.zeros(1).expand(64), "features.2.1.weight is not a dense CPU tensor"),
    ],
)
def test_a_tensor_that_holds_no_floats_is_named(folder, s3d, spoil, said):
    tensors = torch.load(s3d)
    torch.save({**tensors, "features.2.1.weight": spoil(tensors["features.2.1.weight"])}, folder / "odd.pth")
    with pytest.raises(UserError, match=f"odd.pth: not the weights of this architecture: {said}$"):
        started("s3d", file_of(folder / "odd.pth"))


@pytest.mark.parametrize("spoil", [torch.Tensor.long, lambda table: table[:1].expand(10**12, 96)])
def test_a_table_is_resized_only_if_it_is_one(folder, spoil):
    tensors = official("mvit_v2_s").state_dict()
    torch.save({**tensors, "blocks.0.attn.rel_pos_t": spoil(tensors["blocks.0.attn.rel_pos_t"])}, folder / "odd.pth")
    with pytest.raises(UserError, match="odd.pth: .* blocks.0.attn.rel_pos_t is (int64, not floats|not a dense)"):
        started("mvit_v2_s", file_of(folder / "odd.pth"), (12, 96, 160))


def test_compressed_parts_are_refused(folder, s3d):
    """torch.save never makes them; they may be a thousand times as large in memory."""
    with zipfile.ZipFile(s3d) as plain, zipfile.ZipFile(folder / "packed.pth", "w", zipfile.ZIP_DEFLATED) as packed:
        for name in plain.namelist()[:3]:
            packed.writestr(name, plain.read(name))
    with pytest.raises(UserError, match=r"packed.pth: .* \(its parts are compressed, which torch.save never does\)"):
        started("s3d", file_of(folder / "packed.pth"))


def test_a_file_that_is_none_or_too_large_is_refused_before_it_is_read(folder):
    os.mkfifo(folder / "pipe.pth")
    with open(folder / "large.pth", "wb") as file:
        file.truncate(2**31 + 1)
    for name, said in (("pipe", "is a pipe, not a file"), ("large", "2147483649 bytes, at most 2 GiB are read")):
        with pytest.raises(UserError, match=f"{name}.pth: {said}"):
            started("s3d", WeightsFile("file", f"{name}.pth", "0" * 64))


def test_another_net_s_file_is_refused_with_three_names(s3d):
    with pytest.raises(UserError) as refusal:
        started("r3d_18", file_of(s3d))
    message = str(refusal.value)
    assert "s3d.pth: not the weights of this architecture: stem.0.weight is missing, " in message
    assert message.count(" is ") == 3 and message.endswith(" more")


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"features.9.extra": torch.zeros(1)}, "architecture: features.9.extra is left over$"),
        ({"features.2.1.weight": torch.zeros(3)}, r"architecture: features.2.1.weight is \(3,\), not \(64,\)$"),
        ({"features.2.1.weight": None}, "architecture: features.2.1.weight is missing$"),
    ],
)
def test_one_wrong_key_is_named(folder, s3d, change, refusal):
    changed = {name: tensor for name, tensor in {**torch.load(s3d), **change}.items() if tensor is not None}
    with pytest.raises(UserError, match=refusal):
        started("s3d", write(changed, folder / "changed.pth"))


def test_a_table_of_another_width_is_refused(folder):
    tensors = official("mvit_v2_s").state_dict()
    tensors["blocks.0.attn.rel_pos_t"] = torch.zeros(15, 7)
    with pytest.raises(UserError, match=r"blocks.0.attn.rel_pos_t is \(7, 7\), not \(7, 96\)"):
        started("mvit_v2_s", write(tensors, folder / "narrow.pth"))


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"path": "weights.pt"}, "path must end in .safetensors, .pth or .pyth, found weights.pt"),
        ({"sha256": "abc"}, "sha256 must be 64 digits of 0-9 and a-f, found 'abc'"),
        ({"sha256": "A" * 64}, "sha256 must be 64 digits"),
    ],
)
def test_an_invalid_weights_section_is_refused_with_its_path(change, refusal):
    section = {"kind": "file", "path": "weights.pth", "sha256": "0" * 64, **change}
    with pytest.raises(UserError, match=f"model.backbone.weights: {refusal}"):
        convert(WeightsFile, section, "model.backbone.weights")
