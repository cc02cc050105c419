"""How a backbone is pretrained without labels."""

from dataclasses import dataclass, replace
from typing import Literal

from tailwise.data.images.augment.ranges import ImageAugment

Aspect = Literal["geometry", "colour", "text", "shape"]

SPACE, LIGHT = ("mirror", "shift", "zoom", "stretch", "rotate"), ("brightness", "contrast", "saturation", "hue", "grey")
KEPT: dict[Aspect, tuple[str, ...]] = {
    "geometry": (*SPACE, "erase"),
    "colour": LIGHT,
    "text": ("mirror", "rotate", "stretch", "erase"),
    "shape": ("stretch", "erase", "noise"),
}
"""{aspect: what is not done to its pairs of views}.

geometry: where the parts are; colour: which colours there are; text: strokes beside each other in reading order; shape:
outlines, wherever they are and however they are turned.
Source of the idea: https://arxiv.org/abs/2008.05659, section 3: an embedding for each augmentation that it shall notice
"""
VIEWS = ImageAugment(
    mirror=0.5,
    shift=0.15,
    zoom=0.5,
    stretch=0.3,
    rotate=30.0,
    brightness=0.4,
    contrast=0.4,
    saturation=0.5,
    hue=90.0,
    grey=0.2,
    erase=0.3,
    noise=0.05,
)


@dataclass(frozen=True)
class Contrast:
    """Two views of each picture are drawn, which its embedding shall find again among those of other pictures.

    aspects: each with a projection of its own. A picture's pair of views in an epoch is for one of them, drawn: the
        augmentation leaves this aspect as it is and changes the others, so that the projection must see it
    temperature: of the loss; a small one attends to the most similar pictures
    width, hidden: of a projection's embedding, and of its hidden layer
    augment: how views are drawn, at the phase's strength
    """

    aspects: tuple[Aspect, ...] = ("geometry", "colour", "text", "shape")
    temperature: float = 0.2
    width: int = 32
    hidden: int = 64
    augment: ImageAugment = VIEWS

    def __post_init__(self):
        if not self.aspects or len(set(self.aspects)) < len(self.aspects):
            raise ValueError("aspects must name one or more, each once")
        if self.temperature <= 0 or min(self.width, self.hidden) < 1:
            raise ValueError("temperature, width and hidden must be positive")
        for aspect in self.aspects:
            if not self.ranges(aspect).any:
                raise ValueError(f"augment changes nothing but {aspect}: both views of its pairs would be the same")

    def ranges(self, aspect: Aspect) -> ImageAugment:
        """How the views of an aspect's pairs are drawn."""
        return replace(self.augment, **dict.fromkeys(KEPT[aspect], 0.0))
