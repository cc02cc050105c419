"""How far pictures are augmented, at strength 1."""

from dataclasses import dataclass, fields

SHARES = ("brightness", "contrast", "saturation", "grey", "erase")
"""Fields in [0, 1)."""


@dataclass(frozen=True)
class ImageAugment:
    """At strength 1; a phase's strength scales all of them. What is 0 is not done.

    mirror: chance that a picture is mirrored, in [0, 0.5]
    shift: largest shift, as a share of height and of width, in [0, 0.5)
    zoom: a picture is enlarged, so that its edges are cropped, or shrunk by up to 1 + zoom
    stretch: height against width changes by up to 1 + stretch
    rotate: largest turn, in degrees
    brightness, contrast, saturation: largest change of each, as a share
    hue: largest turn of the colours, in degrees
    grey: chance that a picture loses its colours
    erase: largest height and width of the rectangle that is erased, as a share of the picture's
    noise: standard deviation of noise on each value, as a share of the range
    """

    mirror: float = 0.0
    shift: float = 0.0
    zoom: float = 0.0
    stretch: float = 0.0
    rotate: float = 0.0
    brightness: float = 0.0
    contrast: float = 0.0
    saturation: float = 0.0
    hue: float = 0.0
    grey: float = 0.0
    erase: float = 0.0
    noise: float = 0.0

    def __post_init__(self):
        if not 0 <= self.mirror <= 0.5 or not 0 <= self.shift < 0.5:
            raise ValueError("mirror must be in [0, 0.5], shift in [0, 0.5)")
        for name in SHARES:
            if not 0 <= (value := getattr(self, name)) < 1:
                raise ValueError(f"{name} must be in [0, 1), found {value:g}")
        for name, most in (("zoom", 4), ("stretch", 4), ("rotate", 180), ("hue", 180), ("noise", 1)):
            if not 0 <= (value := getattr(self, name)) <= most:
                raise ValueError(f"{name} must be in [0, {most}], found {value:g}")

    @property
    def any(self) -> bool:
        """Whether anything is done."""
        return any(getattr(self, field.name) for field in fields(self))
