"""The backbone of a pretrained model in the classifier of phase 1."""

from dataclasses import asdict
from pathlib import Path

from torch import nn

from tailwise.core.errors import UserError
from tailwise.core.tensors import misfit
from tailwise.engine.checkpoint.weights import as_json, read_weights
from tailwise.models.image.classifier import Ensemble, ImageClassifier, ImageModel

PREFIX = "backbone."


def load_backbone(classifier: nn.Module, model: ImageModel, size: int, path: Path) -> int:
    """Load all of the backbone's tensors from the weights file of pretraining; returns their number.

    Raises UserError for another file, or if another backbone, or pictures of another size, were pretrained.
    """
    tensors, facts = read_weights(path)
    if facts.get("recipe") != "logos.contrast":
        raise UserError(f"{path}: not the weights of pretraining, which `stages/train.py` of logos.contrast writes")
    if isinstance(model.backbone, Ensemble) or not isinstance(classifier, ImageClassifier):
        raise UserError("start.pretrained has no effect on an ensemble: set it to null")
    asked = asdict(model.backbone.bare())
    if (facts.get("backbone"), facts.get("size")) != tuple(as_json({"backbone": asked, "size": size}).values()):
        raise UserError(
            f"{path}: another backbone than model.backbone, or other pictures, were pretrained: do it again"
        )
    given = {name.removeprefix(PREFIX): tensor for name, tensor in tensors.items() if name.startswith(PREFIX)}
    if wrong := misfit(given, classifier.backbone.state_dict()):
        raise UserError(f"{path}: not the weights of this backbone: {wrong}")
    classifier.backbone.load_state_dict(given)
    return len(given)
