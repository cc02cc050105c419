"""What an answer to a foul rests on: each view, each of its frames, and regions of its picture."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import cast

import torch
from torch import nn

from tailwise.core.files import read_csv
from tailwise.data.video.strips import GAP, small, spaced, strip
from tailwise.evaluation.explain.importance import Answer, gradient_saliency, occlusion, pooled, regions
from tailwise.models.video.multiview import MultiView
from tailwise.models.video.variants import Levels
from tailwise.recipes.explainer import Asked, Explainer, Part
from tailwise.recipes.recipe import Recipe
from tailwise.reporting.overlay import overlay

TIME, ROWS, COLUMNS = 0, 1, 2
"""Axes of a view (T, H, W, 3)."""
CELLS = (4, 7)
"""Regions that are occluded, down and across; of smaller pictures, a pixel each."""
FINE = (16, 28)
"""Cells of the gradient's saliency."""


class FoulExplainer(Explainer):
    """A part for each view."""

    def layers(self, recipe: Recipe, model: nn.Module, head: str) -> Sequence[nn.Module]:
        multiview = cast(MultiView, model)
        fusion = multiview.fusion
        layers = fusion.level1 if isinstance(fusion, Levels) else cast(nn.ModuleList, fusion.heads)
        return [layers[list(multiview.names).index(head)]]

    def facets(self, split: Path, samples: Sequence[str]) -> Mapping[str, Sequence[str]]:
        """{"views": how many each has}"""
        counts: dict[str, int] = {}
        for row in read_csv(split / "manifest.csv"):
            counts[row["sample"]] = counts.get(row["sample"], 0) + 1
        return {"views": [str(counts[name]) for name in samples]}

    def exhibit(self, asked: Asked) -> list[Part]:
        model = cast(MultiView, asked.task.model)
        embedded = embed(model, asked.batch.inputs["clips"][0])
        weight = view_importance(model, asked, embedded)
        return [view_part(model, asked, embedded, view, weight) for view in range(len(embedded))]


@torch.no_grad()
def embed(model: MultiView, views: torch.Tensor) -> torch.Tensor:
    """(V, D) of the views (V, T, H, W, 3) of one foul."""
    return model.backbone(views)


@torch.no_grad()
def view_importance(model: MultiView, asked: Asked, embedded: torch.Tensor) -> list[float] | None:
    """Of each view, which is taken away as if it had not been filmed; None of a single view."""
    count = len(embedded)
    if count < 2:
        return None
    mask = torch.cat([torch.ones(1, count), 1 - torch.eye(count)]).bool().to(embedded.device)
    every = embedded.expand(len(mask), -1, -1)
    logits = model.answer(every[mask], mask, metadata_of(asked, len(mask)))[asked.head]
    told = logits.float().log_softmax(dim=1)[:, asked.class_id]
    return (told[0] - told[1:]).tolist()


def metadata_of(asked: Asked, samples: int) -> torch.Tensor | None:
    """What is known of the foul's views, once for each sample of a batch; None of a model that is not told."""
    known = asked.batch.inputs.get("metadata")
    return None if known is None else known.expand(samples, -1, -1)


def answer_by_view(model: MultiView, asked: Asked, embedded: torch.Tensor, view: int) -> Answer:
    """From variants of one view (N, T, H, W, 3), with the others as they are, to logits (N, C)."""

    def answer(variants: torch.Tensor) -> torch.Tensor:
        count = len(variants)
        parts = [embedded[:view].expand(count, -1, -1), model.backbone(variants)[:, None]]
        every = torch.cat([*parts, embedded[view + 1 :].expand(count, -1, -1)], dim=1)
        mask = torch.ones(every.shape[:2], dtype=torch.bool, device=every.device)
        return model.answer(every.flatten(0, 1), mask, metadata_of(asked, count))[asked.head]

    return answer


def view_part(model: MultiView, asked: Asked, embedded: torch.Tensor, view: int, weight: list[float] | None) -> Part:
    """A view's strip with what is laid over it. weight: importance of the views

    A frame is replaced by the median over time of each pixel, a region by the mean colour of the view.
    """
    clip = asked.batch.inputs["clips"][0, view]
    answer, of_class = answer_by_view(model, asked, embedded, view), asked.class_id
    still, colour = clip.median(dim=TIME).values, clip.float().mean(dim=(TIME, ROWS, COLUMNS))
    steps = occlusion(answer, clip, still, regions(clip.shape, {TIME: len(clip)}))[:, of_class]
    cells = min(CELLS[0], clip.shape[ROWS]), min(CELLS[1], clip.shape[COLUMNS])
    masks = regions(clip.shape, {ROWS: cells[0], COLUMNS: cells[1]})
    places = occlusion(answer, clip.float(), colour, masks)[:, of_class].view(1, *cells)
    saliency = pooled(gradient_saliency(answer, clip, colour, of_class), *FINE)
    frames, shown = clip.cpu().numpy(), spaced(len(clip))
    height, width, _ = small(frames[0]).shape
    return Part(
        name=f"view {view + 1}",
        importance=weight[view] if weight else None,
        steps=steps.tolist(),
        picture=strip(frames),
        frames=len(shown),
        saliency=overlay(saliency.numpy()[shown], height, width, GAP),
        regions=overlay(places.expand(len(shown), -1, -1).numpy(), height, width, GAP),
    )


EXPLAINER = FoulExplainer()
