"""Backbones from torchvision's video models without their last layer, pretrained on Kinetics-400 or random.

torchvision is imported only when a model is built; reading the parameters does not need it.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, TypeVar, cast

import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

from tailwise.models.video.pretrained import Kinetics400, resize
from tailwise.models.video.regularisers import BlockDropout, DropBlock
from tailwise.models.weights import NoWeights, WeightsFile, load

if TYPE_CHECKING:
    from torchvision.models.video import S3D, MViT, SwinTransformer3d, VideoResNet
    from torchvision.models.video.mvit import MultiscaleBlock

Shape = tuple[int, int, int]
"""Frames, height and width of a clip."""

Net = TypeVar("Net", bound=nn.Module)


@dataclass(frozen=True)
class Video:
    """A torchvision model and its initial weights.

    checkpoint: activation checkpointing per block: less memory, more time, the same gradients
    channels_last: use the memory format channels_last_3d; convolutional models only
    drop_block: blocks of the maps of the last layers are left out in training; convolutional models only; None: none
    """

    kind: Literal["r3d_18", "mc3_18", "r2plus1d_18", "s3d", "mvit_v2_s", "swin3d_t"]
    weights: NoWeights | Kinetics400 | WeightsFile
    checkpoint: bool
    channels_last: bool
    drop_block: DropBlock | None = None

    def __post_init__(self):
        groups = ARCHITECTURES[self.kind].groups
        if self.channels_last and not groups:
            raise ValueError(f"channels_last has no effect on {self.kind}, set it to false")
        if self.drop_block and not groups:
            raise ValueError(f"drop_block needs a convolutional model, {self.kind} is none: set it to null")

    def bare(self) -> "Video":
        """The same model without the options that change neither its tensors nor its outputs."""
        return replace(self, weights=NoWeights("none"), checkpoint=False, channels_last=False)

    def check_weights(self) -> None:
        """Raise UserError if a weights file is absent or has another SHA-256."""
        if isinstance(self.weights, WeightsFile):
            self.weights.read(self.kind)

    def check_shape(self, shape: Shape) -> None:
        """Raise ValueError for clips (frames, height, width) too small for this model."""
        frames, height, width = shape
        least_frames, least_pixels = ARCHITECTURES[self.kind].least
        if frames < least_frames or min(height, width) < least_pixels:
            least = f"{least_frames} or more frames of {least_pixels}x{least_pixels} or more pixels"
            raise ValueError(f"{self.kind} needs {least}, found {frames} of {height}x{width}")

    def build(self, shape: Shape) -> "VideoBackbone":
        """The backbone for clips of this shape, randomly initialised; raises ValueError as `check_shape` does."""
        from torchvision.models import get_model, get_model_weights
        from torchvision.models.video import MViT

        self.check_shape(shape)
        net = get_model(self.kind, weights=None)
        setattr(net, ARCHITECTURES[self.kind].head, nn.Identity())
        if isinstance(net, MViT):
            fit_tables(net, shape)
        if self.kind == "s3d":
            keep_signal(net)
        if self.drop_block:
            for group in ARCHITECTURES[self.kind].groups:
                cast(nn.Sequential, net.get_submodule(group)).append(BlockDropout(self.drop_block))
        if self.channels_last:
            net.to(memory_format=torch.channels_last_3d)
        seen = get_model_weights(self.kind)["KINETICS400_V1"].transforms()
        return VideoBackbone(net, ARCHITECTURES[self.kind], self, seen.mean, seen.std)

    def pretrain(self, backbone: nn.Module) -> None:
        """Load the initial weights; raises UserError if they are unavailable or do not fit the model."""
        assert isinstance(backbone, VideoBackbone)
        tensors = self.weights.read(self.kind)
        if tensors is not None:
            source = getattr(self.weights, "path", self.kind)
            load(backbone.net, tensors, ARCHITECTURES[self.kind].head, source, resize)


class VideoBackbone(nn.Module):
    """Clips (N, T, H, W, 3) in [0, 255] to embeddings (N, dim), the inputs of the model's last layer.

    Batch norm statistics are frozen, because batches are small; scale and offset are trained.
    Source: https://arxiv.org/abs/1512.03385, appendix A, which freezes scale and offset too
    """

    mean: torch.Tensor
    std: torch.Tensor

    def __init__(self, net: nn.Module, architecture: "Architecture", options: Video, mean: list, std: list):
        super().__init__()
        self.net, self.dim, self.embed = net, architecture.dim, architecture.embed
        self.checkpoint = options.checkpoint
        self.memory_format = torch.channels_last_3d if options.channels_last else torch.contiguous_format
        self.register_buffer("mean", torch.tensor(mean), persistent=False)
        self.register_buffer("std", torch.tensor(std), persistent=False)
        self.train()

    def train(self, mode: bool = True) -> "VideoBackbone":
        return freeze_statistics(super().train(mode))

    def forward(self, clips: torch.Tensor) -> torch.Tensor:
        return self.maps(clips).mean(dim=(2, 3, 4))

    def maps(self, clips: torch.Tensor) -> torch.Tensor:
        """What the embedding is the mean of, (N, dim, T', H', W')."""
        normal = (clips.to(self.mean.dtype) / 255 - self.mean) / self.std
        pictures = normal.permute(0, 4, 1, 2, 3).contiguous(memory_format=self.memory_format)
        return self.embed(self.net, pictures, again if self.checkpoint and self.training else at_once)


def freeze_statistics(model: Net) -> Net:
    """Put the model's batch norm layers into eval mode, in place; returns the model."""
    for part in model.modules():
        if isinstance(part, nn.BatchNorm3d):
            part.eval()
    return model


def at_once(block: nn.Module, *inputs):
    """Run a block without checkpointing."""
    return block(*inputs)


def again(block: nn.Module, *inputs):
    """Run a block with activation checkpointing; the recomputation draws the same random numbers."""
    return checkpoint(block, *inputs, use_reentrant=False)


def embed_resnet(net: "VideoResNet", pictures: torch.Tensor, run: Callable) -> torch.Tensor:
    """(N, 3, T, H, W) to (N, dim, T', H', W'); `run` calls each block, with or without checkpointing."""
    x = run(net.stem, pictures)
    for layer in (net.layer1, net.layer2, net.layer3, net.layer4):
        for block in layer:
            x = run(block, x)
    return x


def embed_s3d(net: "S3D", pictures: torch.Tensor, run: Callable) -> torch.Tensor:
    """Their mean equals torchvision's 2x7x7 pooling for 16 frames of 224x224."""
    x = pictures
    for block in net.features:
        x = run(block, x)
    return x


def embed_mvit(net: "MViT", pictures: torch.Tensor, run: Callable) -> torch.Tensor:
    """The class token, at one place. Takes sizes from the patches, where torchvision fixes them."""
    patches = net.conv_proj(pictures)
    size = tuple(patches.shape[2:])
    x = net.pos_encoding(patches.flatten(2).transpose(1, 2))
    for block in net.blocks:
        x, size = run(block, x, size)
    return net.norm(x[:, 0])[:, :, None, None, None]


def embed_swin(net: "SwinTransformer3d", pictures: torch.Tensor, run: Callable) -> torch.Tensor:
    """Patch merging layers stand between the stages."""
    x = net.pos_drop(net.patch_embed(pictures))
    for stage in net.features:
        for block in stage if isinstance(stage, nn.Sequential) else [stage]:
            x = run(block, x)
    return net.norm(x).permute(0, 4, 1, 2, 3)


def fit_tables(net: "MViT", shape: Shape) -> None:
    """Replace the relative position tables of an MViT by randomly initialised ones of the length this shape needs.

    torchvision builds them for 16 frames of 224x224 only; for that shape the lengths are the same.
    """
    size = size_after(net.conv_proj, shape)
    for block in cast("Iterable[MultiscaleBlock]", net.blocks):
        attention = block.attn
        keys = size_after(_conv3d(attention, "pool_k.pool"), size)
        size = size_after(_conv3d(attention, "pool_q.pool"), size)
        for axis, of_keys, of_queries in zip("thw", keys, size):
            table = torch.empty(2 * max(of_keys, of_queries) - 1, attention.head_dim)
            setattr(attention, f"rel_pos_{axis}", nn.Parameter(nn.init.trunc_normal_(table, std=0.02)))


def keep_signal(net: nn.Module) -> None:
    """Reinitialise the convolutions (Kaiming), so that activations keep their scale.

    With torchvision's initialisation and frozen batch norm, S3D's embedding is 0 to 6 decimals.
    Source: https://arxiv.org/abs/1502.01852, eq. 10
    """
    for part in net.modules():
        if isinstance(part, nn.Conv3d):
            nn.init.kaiming_normal_(part.weight, mode="fan_in", nonlinearity="relu")


def size_after(convolution: nn.Conv3d, size: Shape) -> Shape:
    """Output (frames, height, width) of a convolution for an input of this size."""
    padded = cast(Shape, convolution.padding)  # torchvision never uses a string such as "same"
    sides = zip(size, convolution.kernel_size, convolution.stride, padded)
    frames, height, width = ((side + 2 * pad - kernel) // stride + 1 for side, kernel, stride, pad in sides)
    return frames, height, width


def _conv3d(part: nn.Module, path: str) -> nn.Conv3d:
    """The convolution at a dotted path inside a module."""
    found = part.get_submodule(path)
    assert isinstance(found, nn.Conv3d)
    return found


@dataclass(frozen=True)
class Architecture:
    """Properties that torchvision's models do not expose in a common way.

    embed(net, pictures, run): the forward pass before the mean and the last layer, for one class of model
    head: name of the last layer
    dim: width of the embedding
    least: minimum frames, and minimum height and width; S3D also runs with 5 frames, but below 8 the gradient of its
        first temporal convolution is wrong on CPU, or the process crashes (torch 2.15)
    groups: of a convolutional model, the last groups of layers, after which DropBlock may come
    """

    embed: Callable[..., torch.Tensor]
    head: str
    dim: int
    least: tuple[int, int]
    groups: tuple[str, ...] = ()


ARCHITECTURES = {
    "r3d_18": Architecture(embed_resnet, "fc", 512, (1, 1), ("layer3", "layer4")),
    "mc3_18": Architecture(embed_resnet, "fc", 512, (1, 1), ("layer3", "layer4")),
    "r2plus1d_18": Architecture(embed_resnet, "fc", 512, (1, 1), ("layer3", "layer4")),
    "s3d": Architecture(embed_s3d, "classifier", 1024, (8, 17), ("features",)),
    "mvit_v2_s": Architecture(embed_mvit, "head", 768, (1, 1)),
    "swin3d_t": Architecture(embed_swin, "head", 768, (1, 1)),
}
