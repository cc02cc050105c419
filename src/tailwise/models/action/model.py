"""The model of actions: two frozen streams, projections of their tokens, fusion, and a classifier for each head."""

import math
from dataclasses import dataclass, replace

import torch
from torch import nn

from tailwise.core.errors import UserError
from tailwise.core.heads import Head
from tailwise.models.action.fusion import Concatenation, CrossAttention, Fusion, Maps, Steps
from tailwise.models.checks import check_dropout
from tailwise.models.frozen.streams import MOTION, SEMANTIC, FrozenStreams, Pool, Streams, pool_tokens


@dataclass(frozen=True)
class Limits:
    """trainable: most parameters that are trained; frozen: least share of all parameters that are not, in [0, 1]"""

    trainable: int
    frozen: float

    def __post_init__(self):
        if self.trainable < 1 or not 0 <= self.frozen < 1:
            raise ValueError("trainable must be at least 1, and frozen in [0, 1)")


@dataclass(frozen=True)
class TwoStreams:
    """width: of the tokens that meet; dropout: of projections, attention and classifier
    limits: on the number of parameters, refused by the stage check; null: none
    """

    fusion: Fusion
    width: int = 512
    dropout: float = 0.1
    limits: Limits | None = None

    def __post_init__(self):
        if self.width < 1:
            raise ValueError(f"width must be at least 1, found {self.width}")
        check_dropout(self.dropout)
        self.fusion.check(self.width)

    def bare(self) -> "TwoStreams":
        """Without what changes neither its tensors nor its outputs."""
        return replace(self, limits=None)

    def build(self, streams: Streams, heads: tuple[Head, ...], steps: Steps, pool: Pool = "none") -> "ActionModel":
        """steps: tokens of a clip in each stream; pool: what the streams' tokens are pooled by before they come here"""
        return ActionModel(self, streams, heads, (steps, pool))

    def fallback(self) -> "TwoStreams | None":
        """The next simpler model."""
        if isinstance(self.fusion, CrossAttention):
            return replace(self, fusion=Concatenation("concatenation"))
        return None


class ActionModel(nn.Module):
    """clips (B, T, H, W, 3) in [0, 255], or the tokens of both streams, (B, T', D), to {head: logits (B, C)}.

    Of several views of each clip, (B, V, T, H, W, 3) or (B, V, T', D), the logits are the logarithm of their mean
    probabilities.
    """

    def __init__(self, options: TwoStreams, streams: Streams, heads: tuple[Head, ...], given: tuple[Steps, Pool]):
        super().__init__()
        steps, pool = given
        self.streams: FrozenStreams = streams.build()
        widths = streams.dims
        self.project = nn.ModuleDict({name: Projection(widths[name], options, n) for name, n in zip(widths, steps)})
        self.fusion = options.fusion.build(options.width, options.dropout)
        self.drop, self.embedding = nn.Dropout(options.dropout), nn.Identity()
        self.pool: Pool = pool
        self.expected: tuple[dict[str, str], str] | None = None
        self.classifiers = nn.ModuleDict({head.name: nn.Linear(self.fusion.dim, len(head.classes)) for head in heads})

    def forward(
        self,
        semantic: torch.Tensor | None = None,
        motion: torch.Tensor | None = None,
        clips: torch.Tensor | None = None,
    ) -> dict[str, torch.Tensor]:
        return self.look(semantic, motion, clips)[0]

    def expect(self, origins: dict[str, str], place: str) -> None:
        """The first batch of tokens raises UserError unless these streams give them. place: for the message"""
        self.expected = origins, place

    def _check(self) -> None:
        if self.expected:
            origins, place = self.expected
            if any(self.streams.origin(name) != origin for name, origin in origins.items()):
                raise UserError(f"{place}: features of other streams than this model's: run the stage features again")
            self.expected = None

    def look(
        self,
        semantic: torch.Tensor | None = None,
        motion: torch.Tensor | None = None,
        clips: torch.Tensor | None = None,
    ) -> tuple[dict[str, torch.Tensor], Maps]:
        """Logits, and the attention between the streams' time steps where the fusion has it, of each view.

        `embedding` is called with the fused vectors, (B, D), of several views their mean.
        """
        semantic, motion = self._tokens(semantic, motion, clips)
        views = semantic.shape[1] if semantic.ndim == 4 else 1
        given = semantic.flatten(0, -3), motion.flatten(0, -3)
        fused, maps = self.fusion(self.project[SEMANTIC](given[0]), self.project[MOTION](given[1]))
        fused = self.drop(fused)
        self.embedding(fused.unflatten(0, (-1, views)).mean(dim=1))
        return {name: mean_of_views(layer(fused), views) for name, layer in self.classifiers.items()}, maps

    def _tokens(
        self, semantic: torch.Tensor | None, motion: torch.Tensor | None, clips: torch.Tensor | None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """The tokens that are given, or those of the clips."""
        if clips is not None:
            tokens = pool_tokens(self.streams(clips.flatten(0, -5)), self.pool)
            return tokens[SEMANTIC].unflatten(0, clips.shape[:-4]), tokens[MOTION].unflatten(0, clips.shape[:-4])
        assert semantic is not None and motion is not None
        self._check()
        return semantic, motion


def mean_of_views(logits: torch.Tensor, views: int) -> torch.Tensor:
    """(B * V, C) to (B, C): the logarithm of the mean of the probabilities; the logits themselves of one view."""
    if views == 1:
        return logits
    return logits.log_softmax(dim=-1).unflatten(0, (-1, views)).logsumexp(dim=1) - math.log(views)


class Projection(nn.Module):
    """Tokens (B, T, D) to (B, T, W): normalised, projected, with a learned vector for each time step added."""

    def __init__(self, dim: int, options: TwoStreams, steps: int):
        super().__init__()
        self.norm, self.linear = nn.LayerNorm(dim), nn.Linear(dim, options.width)
        self.times = nn.Parameter(torch.zeros(steps, options.width))
        nn.init.trunc_normal_(self.times, std=0.02)
        self.drop = nn.Dropout(options.dropout)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        return self.drop(self.linear(self.norm(tokens)) + self.times)


def check_limits(model: nn.Module, trained: set[str], limits: Limits | None) -> str:
    """A line with the numbers of parameters; ValueError where they exceed the limits.

    trained: names of the parameters that a phase trains
    """
    sizes = {name: parameter.numel() for name, parameter in model.named_parameters()}
    total, moving = sum(sizes.values()), sum(size for name, size in sizes.items() if name in trained)
    share = 1 - moving / total
    line = f"{total:,} parameters, {moving:,} trained, {share:.1%} frozen"
    if limits and moving > limits.trainable:
        raise ValueError(f"model.limits.trainable {limits.trainable:,} is exceeded: {line}")
    if limits and share < limits.frozen:
        raise ValueError(f"model.limits.frozen {limits.frozen:.0%} is not reached: {line}")
    return line
