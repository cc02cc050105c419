"""Made-up logos as SVG files, with reproducible bytes.

The class of a logo is what it was drawn as, see designs.py. Colours, sizes, places and proportions are drawn alike for
all classes, so that none of them tells the class.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tailwise.data.images.fingerprints import Fingerprint, fingerprint_of, resembles
from tailwise.recipes.logos.demo.brand import Brand, draw_brand, draw_logo
from tailwise.recipes.logos.demo.designs import CLASSES

__all__ = ["Demo", "make_demo"]

SPLITS = ("train", "valid", "test")
PLAINEST = CLASSES[0]


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
    seen: list[Fingerprint] = []
    for place, split in enumerate(SPLITS):
        for number, (kind, count) in enumerate(demo.counts(split).items()):
            into = folder / split.title() / kind
            into.mkdir(parents=True, exist_ok=True)
            for brand_number in range(-(-count // demo.per_brand)):
                rng = np.random.default_rng([demo.seed, place, number, brand_number])
                brand = draw_brand(rng, kind, (place * len(CLASSES) + number) * 1000 + brand_number)
                logos = min(demo.per_brand, count - brand_number * demo.per_brand)
                for n, logo in enumerate(_draw_logos(rng, brand, logos, seen)):
                    (into / f"{brand.name}-{n + 1}.svg").write_text(logo, encoding="utf-8", newline="\n")


def _draw_logos(rng: np.random.Generator, brand: Brand, count: int, seen: list[Fingerprint]) -> list[str]:
    """The logos of a brand. seen: fingerprints of the simple logos of brands before, to which these are added

    Simple logos have so little to them that two brands may draw the same one: it is then drawn anew.
    """
    if brand.kind != PLAINEST:
        return [draw_logo(rng, brand) for _ in range(count)]
    logos, own = [], []
    while len(logos) < count:
        logo = draw_logo(rng, brand)
        if not resembles(fingerprint := fingerprint_of(logo.encode()), seen):
            logos.append(logo)
            own.append(fingerprint)
    seen += own
    return logos
