"""DINOv3's ViT-S+/16: names and shapes of the official file, and what the package transformers gives."""

import hashlib

import pytest
import torch
from safetensors.torch import save_file

from support.video.frozen import filled, pixels
from tailwise.core.errors import UserError
from tailwise.models.frozen.dinov3 import DEPTH, DIM, DINOv3, official_names

ANY = DINOv3("", "", "dinov3")


@torch.no_grad()
def test_it_gives_what_the_package_transformers_gives():
    found = filled(ANY.build())(pixels(1, 64, 96))[0, 0, :4]
    assert found.tolist() == pytest.approx([0.4399534, -0.0892130, -0.4189321, 0.0404528], abs=1e-4)


def test_its_size_is_that_of_the_paper():
    with torch.device("meta"):
        net = ANY.build()
    assert sum(parameter.numel() for parameter in net.parameters()) == 28_697_088


def official(net) -> dict[str, torch.Tensor]:
    """The state dict of the official file: with what no evaluation uses."""
    masks = {f"blocks.{i}.attn.qkv.bias_mask": torch.ones(3 * DIM) for i in range(DEPTH)}
    rest = {"mask_token": torch.zeros(1, DIM), "rope_embed.periods": torch.ones(16)}
    return {**net.state_dict(), **masks, **rest}


def of_transformers(net) -> dict[str, torch.Tensor]:
    """The same in the layout of the package transformers."""
    renamed = {"embeddings.mask_token": torch.zeros(1, 1, DIM)}
    for name, tensor in net.state_dict().items():
        if ".attn.qkv." in name:
            block, kind = name.split(".")[1], name.rsplit(".", 1)[1]
            for part, rows in zip("qkv", tensor.chunk(3)):
                if (part, kind) != ("k", "bias"):
                    renamed[f"model.layer.{block}.attention.{part}_proj.{kind}"] = rows.clone()
            continue
        for old, new in (
            ("cls_token", "embeddings.cls_token"),
            ("storage_tokens", "embeddings.register_tokens"),
            ("patch_embed.proj", "embeddings.patch_embeddings"),
            ("blocks.", "model.layer."),
            ("attn.proj", "attention.o_proj"),
            ("ls1.gamma", "layer_scale1.lambda1"),
            ("ls2.gamma", "layer_scale2.lambda1"),
            ("mlp.w1", "mlp.gate_proj"),
            ("mlp.w2", "mlp.up_proj"),
            ("mlp.w3", "mlp.down_proj"),
        ):
            name = name.replace(old, new)
        renamed[name] = tensor
    return renamed


@pytest.mark.parametrize("layout", [official, of_transformers])
@torch.no_grad()
def test_both_layouts_of_its_file_are_read(layout, tmp_path):
    net = filled(ANY.build())
    save_file({name: tensor.contiguous() for name, tensor in layout(net).items()}, tmp_path / "d.safetensors")
    digest = hashlib.sha256((tmp_path / "d.safetensors").read_bytes()).hexdigest()
    again = ANY.build().eval()
    DINOv3(str(tmp_path / "d.safetensors"), digest, "dinov3").pretrain(again)
    torch.testing.assert_close(again(pixels(1, 32, 32)), net(pixels(1, 32, 32)))


def test_a_missing_tensor_is_named(tmp_path):
    with torch.device("meta"):
        tensors = official_names(official(ANY.build()))
    tensors.pop("norm.weight")
    net = ANY.build()
    save_file({name: torch.zeros(of.shape) for name, of in tensors.items()}, tmp_path / "d.safetensors")
    digest = hashlib.sha256((tmp_path / "d.safetensors").read_bytes()).hexdigest()
    with pytest.raises(UserError, match="norm.weight is missing"):
        DINOv3(str(tmp_path / "d.safetensors"), digest, "dinov3").pretrain(net)


@torch.no_grad()
def test_the_bias_of_keys_changes_nothing():
    net = filled(ANY.build())
    before = net(pixels(1, 32, 32))
    for block in net.blocks:
        block.attn.qkv.bias[DIM : 2 * DIM] = 7
    torch.testing.assert_close(net(pixels(1, 32, 32)), before)


def test_sides_must_be_of_whole_patches():
    with pytest.raises(ValueError, match="multiples of 16"):
        ANY.check_shape((8, 64, 100))


def test_a_file_that_is_absent_is_named():
    with pytest.raises(UserError, match="nowhere.pth"):
        DINOv3("nowhere.pth", "0" * 64, "dinov3").check_weights()
