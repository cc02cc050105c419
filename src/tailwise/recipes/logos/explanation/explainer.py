"""What an answer to a logo rests on: regions of its picture."""

import torch

from tailwise.evaluation.explain.importance import gradient_saliency, occlusion, pooled, regions
from tailwise.recipes.explainer import Asked, Explainer, Part
from tailwise.recipes.logos.report.pictures import picture
from tailwise.reporting.overlay import overlay

ROWS, COLUMNS = 1, 2
"""Axes of a picture (3, H, W)."""
CELLS, FINE = 8, 16
"""Regions of a side that are occluded, and cells of the gradient's saliency; of smaller pictures, a pixel each."""


class LogoExplainer(Explainer):
    """One part: the picture."""

    def exhibit(self, asked: Asked) -> list[Part]:
        pixels = asked.batch.inputs["image"][0]
        image, colour = pixels.float(), background(pixels)
        side = min(CELLS, image.shape[ROWS])

        def answer(variants: torch.Tensor) -> torch.Tensor:
            return asked.task.model(variants)[asked.head]

        masks = regions(image.shape, {ROWS: side, COLUMNS: side})
        places = occlusion(answer, image, colour, masks)[:, asked.class_id].view(1, side, side)
        saliency = gradient_saliency(answer, image, colour, asked.class_id, over=(0,))
        height, width = image.shape[1:]
        return [
            Part(
                name="picture",
                picture=picture(pixels.permute(1, 2, 0).cpu().numpy()),
                frames=1,
                saliency=overlay(pooled(saliency[None], FINE, FINE).numpy(), height, width),
                regions=overlay(places.numpy(), height, width),
            )
        ]


def background(pixels: torch.Tensor) -> torch.Tensor:
    """(3, 1, 1) float: the median of each colour on the edge of a picture (3, H, W), which a region is replaced by."""
    edge = [pixels[:, 0], pixels[:, -1], pixels[:, :, 0], pixels[:, :, -1]]
    return torch.cat(edge, dim=1).float().median(dim=1).values[:, None, None]


EXPLAINER = LogoExplainer()
