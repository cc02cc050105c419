"""The model of fouls: what it is trained on and given besides the official labels and the views' frames."""

from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from tailwise.models.video.multiview import Additions, Model
from tailwise.recipes.fouls.annotated.heads import AuxiliaryName, auxiliary_heads
from tailwise.recipes.fouls.annotated.views import METADATA, MetadataName


@dataclass(frozen=True)
class FoulModel(Model):
    """auxiliary: labels that are heads in training alone, where a phase's `loss_weights` names them
    metadata: what is known of a view, as an embedding that is added to the view's before fusion
    learned_weights: losses, of heads or others, whose weight is learned from their uncertainty
    """

    auxiliary: tuple[AuxiliaryName, ...] = ()
    metadata: tuple[MetadataName, ...] = ()
    learned_weights: tuple[str, ...] = ()

    def __post_init__(self):
        for name in ("auxiliary", "metadata", "learned_weights"):
            names = getattr(self, name)
            if len(set(names)) < len(names):
                raise ValueError(f"{name} must name each once, found {', '.join(names)}")

    def additions(self) -> Additions:
        sizes = {name: METADATA[name][0] for name in self.metadata}
        return Additions(auxiliary_heads(self.auxiliary), sizes, self.learned_weights)


def as_plain(model: FoulModel) -> dict[str, Any]:
    """The model's section for a weights file, without where the backbone's weights came from, and without defaults.

    So a file of an earlier version, which lacks an option, has the same content.
    """
    unset = {field.name for field in fields(model) if field.default == getattr(model, field.name)}
    plain = asdict(replace(model, backbone=model.backbone.bare()))
    return {name: value for name, value in plain.items() if name not in unset}
