"""Made-up logos as SVG files, with reproducible bytes.

The class of a logo is what it was drawn as, see designs.py. Colours, sizes, places and proportions are drawn alike for
all classes, so that none of them tells the class.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tailwise.recipes.logos.demo.brand import draw_brand, draw_logo
from tailwise.recipes.logos.demo.designs import CLASSES

__all__ = ["Demo", "make_demo"]

SPLITS = ("train", "valid", "test")


@dataclass(frozen=True)
class Demo:
    """train, valid, test: logos a class; per_brand: logos of a brand, which are in one split alone
    imbalance: times that the most frequent class has the logos of the rarest, in `train`; between them in equal ratios
    """

    seed: int
    train: int
    valid: int
    test: int
    per_brand: int
    imbalance: float

    def __post_init__(self) -> None:
        if self.seed < 0:
            raise ValueError(f"seed {self.seed} is negative")
        for name in (*SPLITS, "per_brand", "imbalance"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be 1 or more, found {getattr(self, name)}")

    def counts(self, split: str) -> dict[str, int]:
        """Logos of each class."""
        most: int = getattr(self, split)
        if split != "train":
            return dict.fromkeys(CLASSES, most)
        shares = [float(self.imbalance) ** (-place / (len(CLASSES) - 1)) for place in range(len(CLASSES))]
        return {kind: max(1, round(most * share)) for kind, share in zip(CLASSES, shares)}


def make_demo(demo: Demo, folder: Path) -> None:
    """Write ``<folder>/<Split>/<class>/<brand>-<n>.svg``, a logo each."""
    for place, split in enumerate(SPLITS):
        for number, (kind, count) in enumerate(demo.counts(split).items()):
            into = folder / split.title() / kind
            into.mkdir(parents=True, exist_ok=True)
            for brand_number in range(-(-count // demo.per_brand)):
                rng = np.random.default_rng([demo.seed, place, number, brand_number])
                brand = draw_brand(rng, kind, (place * len(CLASSES) + number) * 1000 + brand_number)
                for n in range(min(demo.per_brand, count - brand_number * demo.per_brand)):
                    file = into / f"{brand.name}-{n + 1}.svg"
                    file.write_text(draw_logo(rng, brand), encoding="utf-8", newline="\n")
