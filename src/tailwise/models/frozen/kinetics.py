"""torchvision's video nets as motion streams, from their files of Kinetics-400 weights."""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import nn

from tailwise.models.frozen.files import LocalWeights
from tailwise.models.video.backbones import ARCHITECTURES, Video, VideoBackbone
from tailwise.models.weights import NoWeights, load

ANY_SHAPE = (16, 224, 224)
"""These nets have the same tensors for clips of every shape."""
FRAMES_A_STEP = {"r3d_18": 8, "mc3_18": 1, "r2plus1d_18": 8, "s3d": 4, "swin3d_t": 2}
"""Rounded up; s3d halves what is left once more, rounded down."""


@dataclass(frozen=True)
class KineticsNet(LocalWeights):
    """512 numbers a time step, s3d 1,024, swin3d_t 768. See `LocalWeights`."""

    kind: Literal["r3d_18", "mc3_18", "r2plus1d_18", "s3d", "swin3d_t"]

    @property
    def dim(self) -> int:
        return ARCHITECTURES[self.kind].dim

    def steps(self, frames: int) -> int:
        """Tokens of a clip of so many frames."""
        steps = -(-frames // FRAMES_A_STEP[self.kind])
        return steps // 2 if self.kind == "s3d" else steps

    def video(self) -> Video:
        return Video(self.kind, NoWeights("none"), checkpoint=False, channels_last=False)

    def check_shape(self, shape: tuple[int, int, int]) -> None:
        self.video().check_shape(shape)

    def build(self) -> "KineticsSteps":
        """Randomly initialised."""
        return KineticsSteps(self.video().build(ANY_SHAPE))

    def pretrain(self, net: nn.Module) -> None:
        assert isinstance(net, KineticsSteps)
        load(net.backbone.net, self.read(), ARCHITECTURES[self.kind].head, self.path)


class KineticsSteps(nn.Module):
    """Clips (N, T, H, W, 3) in [0, 255] to an embedding a time step (N, T', D)."""

    def __init__(self, backbone: VideoBackbone):
        super().__init__()
        self.backbone = backbone

    def forward(self, clips: torch.Tensor) -> torch.Tensor:
        return self.backbone.maps(clips).mean(dim=(3, 4)).transpose(1, 2)
