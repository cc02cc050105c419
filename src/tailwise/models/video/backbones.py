"""torchvision's video nets without their last layer, pretrained on Kinetics-400 or fresh.

torchvision is imported where a net is built: reading the parameters does not need it.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, TypeVar, cast

import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

from tailwise.models.video.pretrained import Kinetics400, NoWeights, WeightsFile, load

if TYPE_CHECKING:
    from torchvision.models.video import S3D, MViT, SwinTransformer3d, VideoResNet
    from torchvision.models.video.mvit import MultiscaleBlock

Shape = tuple[int, int, int]
"""Frames, height and width of a clip."""

Net = TypeVar("Net", bound=nn.Module)


@dataclass(frozen=True)
class Video:
    """A net of torchvision and the weights that it starts from.

    checkpoint: compute each block again in the backward pass: less memory, more time, the same gradients
    channels_last: keep the channels of a pixel side by side in memory; for the convolutional nets alone
    """

    kind: Literal["r3d_18", "mc3_18", "r2plus1d_18", "s3d", "mvit_v2_s", "swin3d_t"]
    weights: NoWeights | Kinetics400 | WeightsFile
    checkpoint: bool
    channels_last: bool

    def __post_init__(self):
        if self.channels_last and not ARCHITECTURES[self.kind].convolutional:
            raise ValueError(f"channels_last has no effect on {self.kind}, set it to false")

    def bare(self) -> "Video":
        """The same net, without what changes neither its tensors nor its answers."""
        return replace(self, weights=NoWeights("none"), checkpoint=False, channels_last=False)

    def check_weights(self) -> None:
        """Raise UserError if a file of weights is not there, or another one than meant."""
        if isinstance(self.weights, WeightsFile):
            self.weights.read(self.kind)

    def check_shape(self, shape: Shape) -> None:
        """Raise ValueError for clips (frames, height, width) of which this net has nothing left to average."""
        frames, height, width = shape
        least_frames, least_pixels = ARCHITECTURES[self.kind].least
        if frames < least_frames or min(height, width) < least_pixels:
            least = f"{least_frames} or more frames of {least_pixels}x{least_pixels} or more pixels"
            raise ValueError(f"{self.kind} needs {least}, found {frames} of {height}x{width}")

    def build(self, shape: Shape) -> "VideoBackbone":
        """The backbone for clips of this shape, with fresh weights; raises ValueError as `check_shape` does."""
        from torchvision.models import get_model, get_model_weights
        from torchvision.models.video import MViT

        self.check_shape(shape)
        net = get_model(self.kind, weights=None)
        setattr(net, ARCHITECTURES[self.kind].head, nn.Identity())
        if isinstance(net, MViT):
            fit_tables(net, shape)
        if self.kind == "s3d":
            keep_signal(net)
        if self.channels_last:
            net.to(memory_format=torch.channels_last_3d)
        seen = get_model_weights(self.kind)["KINETICS400_V1"].transforms()
        return VideoBackbone(net, ARCHITECTURES[self.kind], self, seen.mean, seen.std)

    def pretrain(self, backbone: nn.Module) -> None:
        """Load the weights to start from; raises UserError if they cannot be had or are another net's."""
        assert isinstance(backbone, VideoBackbone)
        tensors = self.weights.read(self.kind)
        if tensors is not None:
            load(backbone.net, tensors, ARCHITECTURES[self.kind].head, getattr(self.weights, "path", self.kind))


class VideoBackbone(nn.Module):
    """Clips (N, T, H, W, 3) in [0, 255] to embeddings (N, dim), what the net's last layer would see.

    The statistics of batch norm are frozen, as batches are small; its scale and offset are trained.
    Source: frozen for fine-tuning in https://arxiv.org/abs/1512.03385, appendix A, scale and offset too
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
        normal = (clips.to(self.mean.dtype) / 255 - self.mean) / self.std
        pictures = normal.permute(0, 4, 1, 2, 3).contiguous(memory_format=self.memory_format)
        return self.embed(self.net, pictures, again if self.checkpoint and self.training else at_once)


def freeze_statistics(model: Net) -> Net:
    """The same model, its batch norm using and keeping the statistics it has, in training too."""
    for part in model.modules():
        if isinstance(part, nn.BatchNorm3d):
            part.eval()
    return model


def at_once(block: nn.Module, *inputs):
    """What the block makes of its inputs."""
    return block(*inputs)


def again(block: nn.Module, *inputs):
    """The same, nothing inside the block kept for the backward pass, which computes it again with the same dice."""
    return checkpoint(block, *inputs, use_reentrant=False)


def embed_resnet(net: "VideoResNet", pictures: torch.Tensor, run: Callable) -> torch.Tensor:
    """(N, 3, T, H, W) to (N, dim); each stage and block goes through `run`, here and below."""
    x = run(net.stem, pictures)
    for layer in (net.layer1, net.layer2, net.layer3, net.layer4):
        for block in layer:
            x = run(block, x)
    return x.mean(dim=(2, 3, 4))


def embed_s3d(net: "S3D", pictures: torch.Tensor, run: Callable) -> torch.Tensor:
    """The mean over all places; torchvision's window of 2x7x7 is all of them at 16 frames of 224x224."""
    x = pictures
    for block in net.features:
        x = run(block, x)
    return x.mean(dim=(2, 3, 4))


def embed_mvit(net: "MViT", pictures: torch.Tensor, run: Callable) -> torch.Tensor:
    """The class token. The sizes are those of the patches themselves, where torchvision fixes them."""
    patches = net.conv_proj(pictures)
    size = tuple(patches.shape[2:])
    x = net.pos_encoding(patches.flatten(2).transpose(1, 2))
    for block in net.blocks:
        x, size = run(block, x, size)
    return net.norm(x[:, 0])


def embed_swin(net: "SwinTransformer3d", pictures: torch.Tensor, run: Callable) -> torch.Tensor:
    """The mean over all places; blocks lie in stages, between which places are merged."""
    x = net.pos_drop(net.patch_embed(pictures))
    for stage in net.features:
        for block in stage if isinstance(stage, nn.Sequential) else [stage]:
            x = run(block, x)
    return net.norm(x).mean(dim=(1, 2, 3))


def fit_tables(net: "MViT", shape: Shape) -> None:
    """Give each block of an MViT tables of relative positions as long as clips of this shape need, drawn anew.

    torchvision's builder takes 16 frames of 224x224 alone. At that shape the lengths come out as its own.
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
    """Draw the convolutions' weights anew, so that what goes through them neither fades nor grows.

    As torchvision draws them, S3D's embedding is 0 to 6 places where batch norm does not measure each batch.
    Source: https://arxiv.org/abs/1502.01852, eq. 10
    """
    for part in net.modules():
        if isinstance(part, nn.Conv3d):
            nn.init.kaiming_normal_(part.weight, mode="fan_in", nonlinearity="relu")


def size_after(convolution: nn.Conv3d, size: Shape) -> Shape:
    """Frames, height and width that a convolution makes of those."""
    padded = cast(Shape, convolution.padding)  # a word such as "same" is none of torchvision's
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
    """What torchvision's nets do not say in one way.

    embed(net, pictures, run): each with its own class of net
    head: name of the last layer
    dim: width of what it sees
    least: frames and pixels a side below which the net fails; S3D embeds 5 frames too, but below 8 the gradient of its
        first layer over time is wrong on processors, or the process ends (torch 2.15)
    """

    embed: Callable[..., torch.Tensor]
    head: str
    dim: int
    least: tuple[int, int]
    convolutional: bool


ARCHITECTURES = {
    "r3d_18": Architecture(embed_resnet, "fc", 512, (1, 1), True),
    "mc3_18": Architecture(embed_resnet, "fc", 512, (1, 1), True),
    "r2plus1d_18": Architecture(embed_resnet, "fc", 512, (1, 1), True),
    "s3d": Architecture(embed_s3d, "classifier", 1024, (8, 17), True),
    "mvit_v2_s": Architecture(embed_mvit, "head", 768, (1, 1), False),
    "swin3d_t": Architecture(embed_swin, "head", 768, (1, 1), False),
}
