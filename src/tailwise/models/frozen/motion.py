"""Motion streams: video nets whose embedding is kept a time step, not averaged over the clip."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import torch
from torch import nn

from tailwise.core.errors import UserError
from tailwise.core.files import regular
from tailwise.core.tensors import misfit
from tailwise.models.video.tiny import Tiny, TinyBackbone
from tailwise.models.weights import parse

PREFIX = "stream."


@dataclass(frozen=True)
class OwnMotion:
    """The small net that the pipeline trains on the training split, see models/video/tiny.py.

    path: its weights file; width: channels of its first layer; an embedding has 4 times as many
    """

    kind: Literal["own"]
    path: str
    width: int

    def __post_init__(self):
        self.tiny()

    @property
    def dim(self) -> int:
        return 4 * self.width

    def steps(self, frames: int) -> int:
        """Tokens of a clip of so many frames: they are halved twice."""
        return -(-frames // 4)

    def bare(self) -> "OwnMotion":
        return replace(self, path="")

    def tiny(self) -> Tiny:
        return Tiny("tiny", self.width, motion="differences", residual=True, norm="batch")

    def check_shape(self, shape: tuple[int, int, int]) -> None:
        self.tiny().check_shape(shape)

    def check_weights(self) -> None:
        """Do nothing: a stage makes the weights."""

    def build(self) -> "TinySteps":
        return TinySteps(self.tiny())

    def pretrain(self, net: nn.Module) -> None:
        """Load what the stage train_motion wrote; UserError for another file, or a net of another width."""
        try:
            tensors = parse(regular(Path(self.path)).read_bytes(), self.path)
        except OSError as error:
            raise UserError(f"{self.path}: {error.strerror}: run the stage train_motion") from error
        given = {name.removeprefix(PREFIX): tensor for name, tensor in tensors.items() if name.startswith(PREFIX)}
        if wrong := misfit(given, net.state_dict()):
            raise UserError(f"{self.path}: not the weights of this motion net: {wrong}; train it again")
        net.load_state_dict(given)


class TinySteps(TinyBackbone):
    """Clips (N, T, H, W, 3) in [0, 255] to an embedding of every fourth frame or so, (N, ceil(T / 4), 4 * width)."""

    def forward(self, clips: torch.Tensor) -> torch.Tensor:
        return self.maps(clips).mean(dim=(3, 4)).transpose(1, 2)
