"""How far clips are augmented, at strength 1."""

from dataclasses import dataclass, field

Labels = dict[str, tuple[str, ...]]
"""{head: classes}"""

CHANCES = ("drop_frames", "reverse", "drop_views")
SHARES = ("contrast", "colour", "erase")
UPWARDS = ("zoom", "speed")
OPTIONAL = (*CHANCES, *SHARES, *UPWARDS, "rotate")
"""Fields that are 0 unless named."""


@dataclass(frozen=True)
class Augment:
    """At strength 1; a phase's strength scales all of them. What is 0 is not done, and draws nothing.

    mirror: chance that a view is mirrored, in [0, 0.5]
    shift: largest shift, as a share of height and of width
    brightness: largest change, as a share of the value
    delay: largest shift in time, in kept frames; window.margin must hold it
    zoom: a view is enlarged or shrunk by up to 1 + zoom
    rotate: largest turn, in degrees
    contrast: largest change of the distance from mid grey, as a share
    colour: largest change of each colour's value, as a share
    speed: a view runs faster or slower by up to 1 + speed; beyond the kept frames the last one stays
    drop_frames: chance that a frame is replaced with the one before
    reverse: chance that a sample runs backwards, where `reversible` lets it
    erase: largest height and width of the rectangle that is erased of each view, as a share of the view's
    drop_views: chance that a view is left out; one always stays
    reversible: the classes whose samples may run backwards; a sample may where each head named here has one of its
        classes
    one_sided: classes whose samples are never mirrored
    """

    mirror: float
    shift: float
    brightness: float
    delay: int
    zoom: float = 0.0
    rotate: float = 0.0
    contrast: float = 0.0
    colour: float = 0.0
    speed: float = 0.0
    drop_frames: float = 0.0
    reverse: float = 0.0
    erase: float = 0.0
    drop_views: float = 0.0
    reversible: Labels = field(default_factory=Labels)
    one_sided: Labels = field(default_factory=Labels)

    def __post_init__(self):
        if self.delay < 0:
            raise ValueError("delay must be at least 0")
        if not 0 <= self.mirror <= 0.5 or not 0 <= self.shift < 0.5 or not 0 <= self.brightness < 1:
            raise ValueError("mirror must be in [0, 0.5], shift in [0, 0.5), brightness in [0, 1)")
        if not 0 <= self.rotate <= 180:
            raise ValueError(f"rotate must be in [0, 180] degrees, found {self.rotate:g}")
        for name in (*CHANCES, *SHARES):
            if not 0 <= (value := getattr(self, name)) < 1:
                raise ValueError(f"{name} must be in [0, 1), found {value:g}")
        for name in UPWARDS:
            if not 0 <= (value := getattr(self, name)) <= 4:
                raise ValueError(f"{name} must be in [0, 4], found {value:g}")
        self._check_labels()

    def _check_labels(self) -> None:
        if bool(self.reverse) != any(self.reversible.values()):
            raise ValueError("reverse needs classes in reversible, and reversible a reverse above 0")
        if any(self.one_sided.values()) and not self.mirror:
            raise ValueError("one_sided has no effect: mirror is 0")
