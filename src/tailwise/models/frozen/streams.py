"""Two frozen streams of a clip: what each frame shows, and how the frames move."""

from dataclasses import dataclass, replace
from typing import Literal, cast

import torch
from torch import nn

from tailwise.core.tensors import digest
from tailwise.models.frozen.dinov3 import DINOv3
from tailwise.models.frozen.efficientnet import EfficientNetLite0
from tailwise.models.frozen.i3d import I3D
from tailwise.models.frozen.kinetics import KineticsNet
from tailwise.models.frozen.motion import OwnMotion

SEMANTIC, MOTION = "semantic", "motion"
NAMES = (SEMANTIC, MOTION)

Pool = Literal["none", "mean", "max"]
"""What is kept of a stream's tokens: all, their mean, or their maximum over time."""

Shape = tuple[int, int, int]
"""Frames, height and width of a clip."""


@dataclass(frozen=True)
class Streams:
    """semantic: the net that sees single frames; motion: the one that sees the clip
    every: the semantic stream takes every so manieth frame
    """

    semantic: EfficientNetLite0 | DINOv3
    motion: OwnMotion | I3D | KineticsNet
    every: int = 1

    def __post_init__(self):
        if self.every < 1:
            raise ValueError(f"every must be at least 1, found {self.every}")

    @property
    def dims(self) -> dict[str, int]:
        """Width of each stream's tokens."""
        return {SEMANTIC: self.semantic.dim, MOTION: self.motion.dim}

    def steps(self, frames: int) -> dict[str, int]:
        """Tokens of a clip of so many frames."""
        return {SEMANTIC: -(-frames // self.every), MOTION: self.motion.steps(frames)}

    def bare(self) -> "Streams":
        """Without the places of weights, which change neither tensors nor outputs."""
        return replace(self, semantic=self.semantic.bare(), motion=self.motion.bare())

    def check_shape(self, shape: Shape) -> None:
        """Raise ValueError for clips that are too small for a stream."""
        self.semantic.check_shape(shape)
        self.motion.check_shape(shape)

    def check_weights(self) -> None:
        """Raise UserError for weights that are absent or others."""
        self.semantic.check_weights()
        self.motion.check_weights()

    def build(self) -> "FrozenStreams":
        """Randomly initialised."""
        return FrozenStreams(self)

    def pretrain(self, streams: nn.Module) -> None:
        """Load the weights of both; UserError where that fails."""
        found = cast("FrozenStreams", streams)
        self.semantic.pretrain(found.semantic)
        self.motion.pretrain(found.motion)


class FrozenStreams(nn.Module):
    """Clips (N, T, H, W, 3) in [0, 255] to {stream: tokens (N, T', D)}, without gradient; never in training mode."""

    def __init__(self, options: Streams):
        super().__init__()
        self.every = options.every
        self.semantic, self.motion = options.semantic.build(), options.motion.build()
        self.requires_grad_(False)
        self.train()

    def train(self, mode: bool = True) -> "FrozenStreams":
        """Stay in evaluation mode, as batch norm must not move."""
        return super().train(False)

    def forward(self, clips: torch.Tensor) -> dict[str, torch.Tensor]:
        return {name: self.tokens(name, clips) for name in NAMES}

    @torch.no_grad()
    def tokens(self, name: str, clips: torch.Tensor) -> torch.Tensor:
        """One stream's tokens (N, T', D)."""
        return self.semantic(clips[:, :: self.every]) if name == SEMANTIC else self.motion(clips)

    def origin(self, name: str) -> str:
        """A digest of what computes a stream's tokens."""
        return f"{digest(getattr(self, name).state_dict())[:32]}-{self.every if name == SEMANTIC else 1}"


def pool_tokens(tokens: dict[str, torch.Tensor], pool: Pool) -> dict[str, torch.Tensor]:
    """{stream: (N, T', D)} to {stream: (N, T', D) or (N, 1, D)}."""
    return {name: pooled(of_stream, pool) for name, of_stream in tokens.items()}


def pooled(tokens: torch.Tensor, pool: Pool) -> torch.Tensor:
    if pool == "none":
        return tokens
    return tokens.mean(dim=1, keepdim=True) if pool == "mean" else tokens.amax(dim=1, keepdim=True)
