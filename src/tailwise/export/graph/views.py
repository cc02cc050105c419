"""The multi-view model without indexing by a mask, whose number of results no exporter knows beforehand."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import torch
from torch import Tensor, nn

from tailwise.models.video.fusion import uniform_weights
from tailwise.models.video.multiview import MultiView
from tailwise.models.video.variants import Fusion, Levels

ByHead = dict[str, Tensor]


def look_at_all(model: nn.Module) -> Callable[[nn.Module, dict[str, Tensor]], tuple[ByHead, ByHead]]:
    """`MultiView.look` with the same parameters, which embeds all views and sets those that are absent to 0.

    A backbone in evaluation mode embeds each view by itself, so that absent ones change no other.
    """
    weigh = weights_of(cast("MultiView", model).fusion)

    def forward(model: nn.Module, inputs: dict[str, Tensor]) -> tuple[ByHead, ByHead]:
        model, mask = cast("MultiView", model), inputs["mask"]
        embedded = model.backbone(inputs["clips"].flatten(0, 1))
        if model.metadata is not None:
            embedded = embedded + model.metadata(inputs["metadata"].flatten(0, 1))
        embedded = embedded.unflatten(0, (mask.shape[0], mask.shape[1]))
        views = torch.where(mask.unsqueeze(-1), embedded, torch.zeros_like(embedded))
        logits = dict(zip(model.names, model.fusion(views, mask)))
        return logits, dict(zip(model.names, weigh(views, mask)))

    return forward


def weights_of(fusion: Fusion) -> Callable[[Tensor, Tensor], list[Tensor]]:
    """`Fusion.weights`; what depends on the parameters alone is decided now."""
    if not isinstance(fusion, Levels):
        return fusion.weights
    add, attention, heads = fusion.level2.add, fusion.level2.attention, len(fusion.level1)
    adds = bool(add.weight.any() or add.bias.any())
    return lambda views, mask: [attention.weights(views, mask) if adds else uniform_weights(mask)] * heads
