"""The model of single pictures: a backbone, a layer for each head, and a layer for how uncertain a picture is."""

from dataclasses import dataclass, replace
from typing import Literal

import torch
from torch import nn

from tailwise.core.heads import Head
from tailwise.losses.image.aleatoric import UNCERTAINTY
from tailwise.losses.image.members import member_output
from tailwise.models.checks import check_dropout
from tailwise.models.image.efficientnet import EfficientNetB1
from tailwise.models.image.lite import Lite0
from tailwise.models.image.small import Small
from tailwise.models.image.transformer import LogoTransformer, VisionTransformer

Single = VisionTransformer | EfficientNetB1 | Lite0 | Small


@dataclass(frozen=True)
class Ensemble:
    """Members that are trained beside each other, each by its own loss, and answer by their mean probabilities."""

    kind: Literal["ensemble"]
    members: tuple[Single, ...]

    def __post_init__(self):
        if len(self.members) < 2:
            raise ValueError(f"members must name 2 models or more, found {len(self.members)}")

    def bare(self) -> "Ensemble":
        return replace(self, members=tuple(member.bare() for member in self.members))

    def check(self, size: int) -> None:
        """Raise ValueError for pictures that a member cannot take."""
        for member in self.members:
            member.check(size)


Backbone = Single | Ensemble
DEFAULT, SIMPLER = VisionTransformer("vit"), Small("small")


@dataclass(frozen=True)
class ImageModel:
    """A classifier of pictures.

    dropout: before the last layers, in [0, 1)
    uncertainty: whether it also predicts the variance of its logits, see `losses.image.aleatoric`
    fallbacks: backbones that take over one after another, where training fails
    """

    backbone: Backbone = DEFAULT
    dropout: float = 0.1
    uncertainty: bool = True
    fallbacks: tuple[Backbone, ...] = (SIMPLER,)

    def __post_init__(self):
        check_dropout(self.dropout)
        chain = [backbone.bare() for backbone in (self.backbone, *self.fallbacks)]
        if twice := [backbone.kind for place, backbone in enumerate(chain) if backbone in chain[:place]]:
            raise ValueError(f"fallbacks: the same {twice[0]} would take over from itself")

    def bare(self) -> "ImageModel":
        """The model without what changes neither its tensors nor its outputs."""
        return replace(self, backbone=self.backbone.bare(), fallbacks=())

    def check(self, size: int) -> None:
        """Raise ValueError for pictures of `size` x `size` pixels that it or a fallback cannot take."""
        for backbone in (self.backbone, *self.fallbacks):
            backbone.check(size)

    def build(self, heads: tuple[Head, ...], size: int) -> "ImageClassifier | ImageEnsemble":
        """The randomly initialised model for pictures of `size` x `size` pixels; ValueError if parts do not fit."""
        if any(head.name == UNCERTAINTY for head in heads):
            raise ValueError(f"a head cannot be named {UNCERTAINTY}, which the model's own output is")
        if not isinstance(self.backbone, Ensemble):
            return ImageClassifier(self, self.backbone, heads, size)
        members = (ImageClassifier(self, member, heads, size) for member in self.backbone.members)
        return ImageEnsemble(list(members), heads)

    def pretrain(self, model: nn.Module) -> None:
        """Load the initial weights of the backbones that have some; UserError if they are absent or do not fit."""
        if isinstance(model, ImageEnsemble) and isinstance(self.backbone, Ensemble):
            for member, options in zip(model.members, self.backbone.members):
                options.pretrain(member.get_submodule("backbone"))
        elif not isinstance(self.backbone, Ensemble):
            self.backbone.pretrain(model.get_submodule("backbone"))

    def fallback(self) -> "ImageModel | None":
        """The same model on the next backbone; None if there is none."""
        return replace(self, backbone=self.fallbacks[0], fallbacks=self.fallbacks[1:]) if self.fallbacks else None


class ImageClassifier(nn.Module):
    """image (B, 3, H, W) uint8 to {head: logits (B, C)}, and {UNCERTAINTY: log variance (B, 1)} if it predicts one."""

    def __init__(self, model: ImageModel, backbone: Single, heads: tuple[Head, ...], size: int):
        super().__init__()
        self.backbone = backbone.build(size)
        self.dropout = nn.Dropout(model.dropout)
        self.heads = nn.ModuleDict({head.name: nn.Linear(self.backbone.dim, len(head.classes)) for head in heads})
        self.uncertainty = nn.Linear(self.backbone.dim, 1) if model.uncertainty else None

    def forward(self, image: torch.Tensor) -> dict[str, torch.Tensor]:
        embedding = self.dropout(self.backbone(image))
        outputs = {name: head(embedding) for name, head in self.heads.items()}
        if self.uncertainty is not None:
            outputs[UNCERTAINTY] = self.uncertainty(embedding)
        return outputs

    def attention_map(self, image: torch.Tensor) -> torch.Tensor | None:
        """(B, h, w) of a vision transformer, see `LogoTransformer.attention_map`; None of another backbone."""
        return self.backbone.attention_map(image) if isinstance(self.backbone, LogoTransformer) else None


class ImageEnsemble(nn.Module):
    """As `ImageClassifier`, with the logarithm of the members' mean probabilities as logits, and the mean log variance.

    Besides these each member's own outputs, named by `member_output`, for the loss in training.
    """

    def __init__(self, members: list[ImageClassifier], heads: tuple[Head, ...]):
        super().__init__()
        self.members = nn.ModuleList(members)
        self.names = [head.name for head in heads]

    def forward(self, image: torch.Tensor) -> dict[str, torch.Tensor]:
        found: list[dict[str, torch.Tensor]] = [member(image) for member in self.members]
        outputs = {name: mean_answer([each[name] for each in found]) for name in self.names}
        if UNCERTAINTY in found[0]:
            outputs[UNCERTAINTY] = torch.stack([each[UNCERTAINTY] for each in found]).mean(dim=0)
        for number, each in enumerate(found if self.training else ()):
            outputs |= {member_output(name, number): value for name, value in each.items()}
        return outputs

    def attention_map(self, image: torch.Tensor) -> torch.Tensor | None:
        """That of the first member that has one."""
        maps = (member.attention_map(image) for member in self.members if isinstance(member, ImageClassifier))
        return next((found for found in maps if found is not None), None)


def last_layers(model: nn.Module, head: str) -> list[nn.Module]:
    """The layers that give a head's logits, one a member."""
    members = model.members if isinstance(model, ImageEnsemble) else [model]
    return [member.get_submodule(f"heads.{head}") for member in members]


def mean_answer(logits: list[torch.Tensor]) -> torch.Tensor:
    """The logarithm of the mean of the probabilities; each (B, C)."""
    log_p = torch.stack([each.log_softmax(dim=-1) for each in logits])
    return log_p.logsumexp(dim=0) - torch.tensor(len(logits), dtype=log_p.dtype, device=log_p.device).log()
