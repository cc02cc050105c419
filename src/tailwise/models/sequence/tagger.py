"""The tagger of sequences: projections, recurrent layers, what is added to them, and a label for each position."""

from dataclasses import dataclass, replace
from typing import Literal

import torch
from torch import nn

from tailwise.core.heads import Head
from tailwise.losses.sequence.upcoming import NEXT, UNTIL
from tailwise.losses.uncertainty import log_variance_output, log_variances
from tailwise.models.checks import check_dropout
from tailwise.models.sequence.attention import Attention
from tailwise.models.sequence.crf import CRF
from tailwise.models.sequence.lstm import Recurrence
from tailwise.models.sequence.positions import NoPositions, Positions, RelativePositions
from tailwise.models.sequence.projections import Projections
from tailwise.models.sequence.scales import Convolutions, Pyramid, Resolutions

NONE = NoPositions("none")


@dataclass(frozen=True)
class SequenceModel:
    """A tagger of sequences of feature vectors.

    positions: relative ones need `attention`
    convolutions, resolutions, pyramid, attention: what is added; None: without it
    dropout: before the last layers, in [0, 1)
    crf: whether labels beside each other are predicted together, by a linear chain
    auxiliary: [next] for the label of the next section, and how far away it starts, as trained outputs
    learned_weights: losses whose weight is learned from their uncertainty
    """

    recurrence: Recurrence = Recurrence()
    projections: Projections = Projections()
    positions: Positions = NONE
    convolutions: Convolutions | None = None
    resolutions: Resolutions | None = None
    pyramid: Pyramid | None = None
    attention: Attention | None = None
    dropout: float = 0.0
    crf: bool = False
    auxiliary: tuple[Literal["next"], ...] = ()
    learned_weights: tuple[str, ...] = ()

    def __post_init__(self):
        check_dropout(self.dropout)
        if isinstance(self.positions, RelativePositions) and self.attention is None:
            raise ValueError("positions {kind: relative} have no effect: they need attention")
        for name in ("auxiliary", "learned_weights"):
            values: tuple[str, ...] = getattr(self, name)
            if len(set(values)) < len(values):
                raise ValueError(f"{name} names something twice")
        if wrong := [name for name in (NEXT, UNTIL) if name in self.learned_weights and not self.auxiliary]:
            raise ValueError(f"learned_weights {wrong[0]} has no effect: auxiliary does not name next")

    @property
    def auxiliary_losses(self) -> tuple[str, ...]:
        """For `Task.auxiliary`: losses that count only in a phase that gives them a weight."""
        return (NEXT, UNTIL) if self.auxiliary else ()

    def build(self, features: int, heads: tuple[Head, ...]) -> "Tagger":
        """The randomly initialised model for vectors of this width; ValueError if parts do not fit each other."""
        return Tagger(self, features, heads)

    def fallback(self) -> "SequenceModel | None":
        """The recurrent layers alone; None if there is nothing else."""
        plain = replace(
            self, positions=NONE, convolutions=None, resolutions=None, pyramid=None, attention=None, crf=False
        )
        return plain if plain != self else None


class Tagger(nn.Module):
    """features (B, T, D), length (B,) to {head: logits (B, T, C)}.

    Padding changes nothing, and its logits mean nothing.

    With auxiliary outputs also NEXT (B, T, C) of the first head's classes, and UNTIL (B, T), the log of 1 + positions:
    see `losses.sequence.upcoming`. In training also `log_variance_output` of each loss with a learned weight, and the
    outputs of `models.sequence.crf`.
    """

    def __init__(self, model: SequenceModel, features: int, heads: tuple[Head, ...]):
        super().__init__()
        self.projections = model.projections.build(features)
        narrow = self.projections.width
        self.positions = model.positions.build(narrow)
        self.convolutions = model.convolutions.build(narrow) if model.convolutions else None
        self.recurrence = model.recurrence.build(narrow)
        width = self.recurrence.width
        self.resolutions = model.resolutions.build(narrow, width) if model.resolutions else None
        self.attention = model.attention.build(width, model.positions) if model.attention else None
        self.pyramid = model.pyramid.build(width) if model.pyramid else None
        self.dropout = nn.Dropout(model.dropout)
        self.heads = nn.ModuleDict({head.name: nn.Linear(width, len(head.classes)) for head in heads})
        self.chains = nn.ModuleDict({head.name: CRF(head.name, len(head.classes)) for head in heads if model.crf})
        self.upcoming = Upcoming(width, len(heads[0].classes)) if model.auxiliary else None
        self.log_variances = log_variances(model.learned_weights)

    def forward(self, features: torch.Tensor, length: torch.Tensor) -> dict[str, torch.Tensor]:
        x = self.read(features, length)[-1]
        if self.pyramid is not None:
            x = self.pyramid(x, length)
        x = self.dropout(x)
        outputs: dict[str, torch.Tensor] = {}
        for name, head in self.heads.items():
            outputs |= self.chains[name](head(x), length) if name in self.chains else {name: head(x)}
        if self.upcoming is not None:
            outputs |= self.upcoming(x)
        if self.training:
            outputs |= {log_variance_output(name): value for name, value in self.log_variances.items()}
        return outputs

    def read(self, features: torch.Tensor, length: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Input and output of the recurrent layers, the output joined with coarse scales, and that after attention."""
        x = self.positions(self.projections(features))
        if self.convolutions is not None:
            x = self.convolutions(x, length)
        fine = self.recurrence(x, length)
        joined = fine if self.resolutions is None else self.resolutions(x, fine, length)
        return x, fine, joined, joined if self.attention is None else self.attention(joined, length)

    @torch.no_grad()
    def attention_maps(self, features: torch.Tensor, length: torch.Tensor) -> dict[str, torch.Tensor]:
        """What a position took from where; each row sums to 1. Call it in eval mode: dropout changes it.

        "attention": (B, T, T) from a position (row) to others, the mean over the attention's heads; 0 for padding
        "scales": (B, T, S) of a position to the finest scale and each coarse one, see `CoarseScales.weights`
        "pyramid": (B, T, 1 + P) to itself and the means of each number of parts
        """
        x, fine, joined, attended = self.read(features, length)
        found: dict[str, torch.Tensor] = {}
        if self.attention is not None:
            found["attention"] = self.attention.weights(joined, length).mean(dim=1)
        if self.resolutions is not None:
            found["scales"] = self.resolutions.weights(x, fine, length)
        if self.pyramid is not None:
            found["pyramid"] = self.pyramid.weights(attended, length)
        return found


class Upcoming(nn.Module):
    """x (B, T, W) to {NEXT: logits (B, T, C), UNTIL: (B, T), the log of 1 + positions}."""

    def __init__(self, width: int, classes: int):
        super().__init__()
        self.next, self.until = nn.Linear(width, classes), nn.Linear(width, 1)

    def forward(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
        return {NEXT: self.next(x), UNTIL: self.until(x)[..., 0]}
