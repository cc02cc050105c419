"""The model of fouls: what it is trained on and given besides the official labels and the views' frames."""

from dataclasses import MISSING, asdict, dataclass, field, fields, replace
from typing import Any

from tailwise.models.video.multiview import Additions, Model
from tailwise.models.video.regularisers import check_rate
from tailwise.recipes.fouls.annotated.heads import AuxiliaryName, auxiliary_heads
from tailwise.recipes.fouls.annotated.views import METADATA, MetadataName


@dataclass(frozen=True)
class FoulModel(Model):
    """auxiliary: labels that are heads in training alone, where a phase's `loss_weights` names them
    metadata: what is known of a view, as an embedding that is added to the view's before fusion
    learned_weights: losses, of heads or others, whose weight is learned from their uncertainty
    head_dropout: {head: rate of dropout before its last layer, instead of the variant's}
    """

    auxiliary: tuple[AuxiliaryName, ...] = ()
    metadata: tuple[MetadataName, ...] = ()
    learned_weights: tuple[str, ...] = ()
    head_dropout: dict[str, float] = field(default_factory=dict[str, float])

    def __post_init__(self):
        for name in ("auxiliary", "metadata", "learned_weights"):
            names = getattr(self, name)
            if len(set(names)) < len(names):
                raise ValueError(f"{name} must name each once, found {', '.join(names)}")
        for head, rate in self.head_dropout.items():
            check_rate(f"head_dropout.{head}", rate)

    def additions(self) -> Additions:
        sizes = {name: METADATA[name][0] for name in self.metadata}
        return Additions(auxiliary_heads(self.auxiliary), sizes, self.learned_weights, self.head_dropout)


LEFT_OUT_WHERE_OFF = ("drop_block", "stochastic_depth")
"""Options of a backbone that are left out of a weights file where they are off."""


def as_plain(model: FoulModel) -> dict[str, Any]:
    """The model's section for a weights file, without where the backbone's weights came from, and without defaults.

    So a file of an earlier version, which lacks an option, has the same content.
    """
    defaults = {
        field.name: field.default if field.default_factory is MISSING else field.default_factory()
        for field in fields(model)
    }
    plain = asdict(replace(model, backbone=model.backbone.bare()))
    options = plain["backbone"].items()
    plain["backbone"] = {name: value for name, value in options if value or name not in LEFT_OUT_WHERE_OFF}
    return {name: value for name, value in plain.items() if getattr(model, name) != defaults[name]}
