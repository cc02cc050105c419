"""DINOv3's ViT-S+/16, from a local file: the embedding of each frame is its class token.

Source: https://arxiv.org/abs/2508.10104; https://github.com/facebookresearch/dinov3, whose state dict has these names.
Files in the layout of the package transformers are read too.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import torch
from torch import nn
from torch.nn import functional

from tailwise.models.frozen.files import LocalWeights
from tailwise.models.weights import Tensors, load

PATCH, DIM, HEADS, DEPTH, HIDDEN, REGISTERS = 16, 384, 6, 12, 1536, 4
ROPE_BASE, EPSILON, SCALE_INIT = 100.0, 1e-5, 1e-5
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)

UNUSED = ("mask_token", "rope_embed.periods")
"""Tensors of the official file that no evaluation uses, or that follow from the architecture."""


@dataclass(frozen=True)
class DINOv3(LocalWeights):
    """ViT-S+/16: 384 numbers a frame; 28.7 M parameters. See `LocalWeights`."""

    kind: Literal["dinov3"]

    dim = DIM

    def check_shape(self, shape: tuple[int, int, int]) -> None:
        """Raise ValueError for frames that patches of 16 pixels do not fill."""
        if shape[1] % PATCH or shape[2] % PATCH:
            raise ValueError(f"dinov3 needs sides that are multiples of {PATCH}, found {shape[1]}x{shape[2]}")

    def build(self) -> "DinoFrames":
        """Randomly initialised."""
        return DinoFrames()

    def pretrain(self, net: nn.Module) -> None:
        load(net, official_names(self.read()), "head", self.path)


def official_names(tensors: Mapping[str, torch.Tensor]) -> Tensors:
    """The state dict in the official layout, without what is not used; from it, or from transformers' layout."""
    if "embeddings.cls_token" in tensors:
        tensors = from_transformers(tensors)
    return {
        name: tensor for name, tensor in tensors.items() if name not in UNUSED and not name.endswith("qkv.bias_mask")
    }


RENAMED = {
    "embeddings.cls_token": "cls_token",
    "embeddings.register_tokens": "storage_tokens",
    "embeddings.patch_embeddings.weight": "patch_embed.proj.weight",
    "embeddings.patch_embeddings.bias": "patch_embed.proj.bias",
    "attention.o_proj": "attn.proj",
    "layer_scale1.lambda1": "ls1.gamma",
    "layer_scale2.lambda1": "ls2.gamma",
    "mlp.gate_proj": "mlp.w1",
    "mlp.up_proj": "mlp.w2",
    "mlp.down_proj": "mlp.w3",
}
"""{part of a name in transformers: in the official file}"""


def from_transformers(tensors: Mapping[str, torch.Tensor]) -> Tensors:
    """Queries, keys and values are one matrix in the official layout; keys have no bias there either."""
    tensors = {name.removeprefix("model."): tensor for name, tensor in tensors.items()}
    found: Tensors = {}
    for name, tensor in tensors.items():
        if name.startswith("embeddings.mask_token") or re.search(r"attention\.[qkv]_proj", name):
            continue
        renamed = re.sub(r"^layer\.", "blocks.", name)
        for old, new in RENAMED.items():
            renamed = renamed.replace(old, new)
        found[renamed] = tensor
    for block in range(DEPTH):
        of = f"layer.{block}.attention"
        parts = [tensors.get(f"{of}.{part}_proj.weight") for part in "qkv"]
        if all(part is not None for part in parts):
            found[f"blocks.{block}.attn.qkv.weight"] = torch.cat([part for part in parts if part is not None])
            zeros = torch.zeros(DIM)
            biases = [tensors.get(f"{of}.{part}_proj.bias", zeros) for part in "qkv"]
            found[f"blocks.{block}.attn.qkv.bias"] = torch.cat(biases)
    return found


class DinoFrames(nn.Module):
    """Clips (N, T, H, W, 3) in [0, 255] to the class token of each frame (N, T, 384)."""

    mean: torch.Tensor
    std: torch.Tensor

    def __init__(self):
        super().__init__()
        self.patch_embed = nn.ModuleDict({"proj": nn.Conv2d(3, DIM, PATCH, PATCH)})
        self.cls_token = nn.Parameter(torch.zeros(1, 1, DIM))
        self.storage_tokens = nn.Parameter(torch.zeros(1, REGISTERS, DIM))
        self.blocks = nn.ModuleList(Block() for _ in range(DEPTH))
        self.norm = nn.LayerNorm(DIM, eps=EPSILON)
        for token in (self.cls_token, self.storage_tokens):
            nn.init.normal_(token, std=0.02)
        self.register_buffer("mean", torch.tensor(MEAN), persistent=False)
        self.register_buffer("std", torch.tensor(STD), persistent=False)

    def forward(self, clips: torch.Tensor) -> torch.Tensor:
        normal = (clips.flatten(0, 1).to(self.mean.dtype) / 255 - self.mean) / self.std
        patches = self.patch_embed["proj"](normal.permute(0, 3, 1, 2))
        turns = rotations(patches.shape[2], patches.shape[3], patches.device)
        count = len(patches)
        first = [self.cls_token.expand(count, -1, -1), self.storage_tokens.expand(count, -1, -1)]
        x = torch.cat([*first, patches.flatten(2).transpose(1, 2)], dim=1)
        for block in self.blocks:
            x = block(x, turns)
        return self.norm(x[:, 0]).unflatten(0, clips.shape[:2])


Turns = tuple[torch.Tensor, torch.Tensor]
"""Cosines and sines (patches, D of a head)."""


def rotations(height: int, width: int, device: torch.device) -> Turns:
    """Rotary positions of the patches, of each axis from -1 to 1. Source: https://arxiv.org/abs/2104.09864, axial"""
    quarter = DIM // HEADS // 4
    periods = ROPE_BASE ** (torch.arange(quarter, device=device) / quarter)
    axes = [2 * (torch.arange(side, device=device) + 0.5) / side - 1 for side in (height, width)]
    places = torch.stack(torch.meshgrid(*axes, indexing="ij"), dim=-1).flatten(0, 1)
    angles = (2 * math.pi * places[:, :, None] / periods).flatten(1).repeat(1, 2)
    return angles.cos(), angles.sin()


def turned(x: torch.Tensor, turns: Turns) -> torch.Tensor:
    """Rotate the patches of x (B, heads, tokens, D); the tokens before them stay as they are."""
    cos, sin = turns
    first, patches = x[:, :, : 1 + REGISTERS], x[:, :, 1 + REGISTERS :]
    half, other = patches.chunk(2, dim=-1)
    return torch.cat([first, patches * cos + torch.cat([-other, half], dim=-1) * sin], dim=2)


class Block(nn.Module):
    """Self-attention with rotary positions and a gated feed-forward layer, both scaled by channel."""

    def __init__(self):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(DIM, eps=EPSILON), nn.LayerNorm(DIM, eps=EPSILON)
        self.attn, self.mlp = Attention(), SwiGLU()
        self.ls1, self.ls2 = Scale(), Scale()

    def forward(self, x: torch.Tensor, turns: Turns) -> torch.Tensor:
        x = x + self.ls1(self.attn(self.norm1(x), turns))
        return x + self.ls2(self.mlp(self.norm2(x)))


class Scale(nn.Module):
    def __init__(self):
        super().__init__()
        self.gamma = nn.Parameter(torch.full((DIM,), SCALE_INIT))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.gamma


class Attention(nn.Module):
    """Keys have no bias: theirs in the file is masked."""

    keyless: torch.Tensor

    def __init__(self):
        super().__init__()
        self.qkv, self.proj = nn.Linear(DIM, 3 * DIM), nn.Linear(DIM, DIM)
        mask = torch.ones(3 * DIM)
        mask[DIM : 2 * DIM] = 0
        self.register_buffer("keyless", mask, persistent=False)

    def forward(self, x: torch.Tensor, turns: Turns) -> torch.Tensor:
        bias = torch.where(self.keyless > 0, self.qkv.bias, torch.zeros_like(self.qkv.bias))
        parts = functional.linear(x, self.qkv.weight, bias).unflatten(2, (3, HEADS, -1)).permute(2, 0, 3, 1, 4)
        queries, keys, values = parts
        found = functional.scaled_dot_product_attention(turned(queries, turns), turned(keys, turns), values)
        return self.proj(found.transpose(1, 2).flatten(2))


class SwiGLU(nn.Module):
    """Source: https://arxiv.org/abs/2002.05202, eq. 6"""

    def __init__(self):
        super().__init__()
        self.w1, self.w2, self.w3 = nn.Linear(DIM, HIDDEN), nn.Linear(DIM, HIDDEN), nn.Linear(HIDDEN, DIM)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.w3(functional.silu(self.w1(x)) * self.w2(x))
