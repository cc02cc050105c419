"""The model of pretraining: the backbone, a projection for each aspect, and a probe for each head."""

import torch
from torch import nn

from tailwise.core.heads import Head
from tailwise.models.image.classifier import Single
from tailwise.recipes.logos.contrast.options import Contrast

PROJECTED = "projected"
"""Name of the output (B, 2, width): both views, projected for the sample's aspect."""


class ContrastModel(nn.Module):
    """image (B, 3, H, W), views (B, 2, 3, H, W) uint8 and aspect (B,) to {PROJECTED, head: logits (B, C)}.

    The probes are linear layers on the plain picture's embedding, as it is: no gradient of theirs moves the backbone.
    Their accuracy says how much of the classes is in the embedding.
    """

    def __init__(self, backbone: Single, contrast: Contrast, heads: tuple[Head, ...], size: int):
        super().__init__()
        self.backbone = backbone.build(size)
        dim, hidden = self.backbone.dim, contrast.hidden
        self.projections = nn.ModuleDict(
            {
                name: nn.Sequential(nn.Linear(dim, hidden), nn.GELU(), nn.Linear(hidden, contrast.width))
                for name in contrast.aspects
            }
        )
        self.probes = nn.ModuleDict({head.name: nn.Linear(dim, len(head.classes)) for head in heads})

    def forward(self, image: torch.Tensor, views: torch.Tensor, aspect: torch.Tensor) -> dict[str, torch.Tensor]:
        embedded = self.backbone(views.flatten(0, 1)).unflatten(0, views.shape[:2])
        projected = torch.stack([layers(embedded) for layers in self.projections.values()])
        outputs = {PROJECTED: projected[aspect, torch.arange(len(aspect), device=aspect.device)]}
        if self.probes:
            with torch.no_grad():
                plain = self.backbone(image)
            outputs |= {name: probe(plain) for name, probe in self.probes.items()}
        return outputs
