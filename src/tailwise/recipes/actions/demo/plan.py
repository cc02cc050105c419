"""Which clips the demo has: classes, how many of each, and what is wrong with some files."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

PAIRS = (
    ("Pushing something from left to right", "Pulling something from right to left"),
    ("Pushing something from right to left", "Pulling something from left to right"),
    ("Putting something onto something", "Picking something up"),
    ("Opening something", "Closing something"),
    ("Covering something with something", "Uncovering something"),
    ("Pretending to put something onto something", "Pretending to pick something up"),
    ("Moving something up", "Moving something down"),
    ("Moving something closer to something", "Moving something away from something"),
)
"""Classes of Something-Something-V2; each second one is the first with time reversed."""
CLASSES = tuple(sorted(name for pair in PAIRS for name in pair))
FREQUENT = (5, 0, 11, 14, 3, 8, 12, 1, 7, 15, 2, 10, 6, 13, 4, 9)
"""Classes from the most to the least frequent in training: halves of a pair are far from each other."""

SPLITS = ("train", "validation", "test")
FILE_FAULTS = ("missing", "stub", "truncated")
Fault = Literal["", "missing", "stub", "truncated"]

SHORTEST, SMALLEST = 8, 32
MOST_CLIPS = 100_000


@dataclass(frozen=True)
class Demo:
    """train: clips of the most frequent class; imbalance: times that it has the clips of the rarest
    validation, test: clips of every class; those of test come without labels
    width, height: pixels; frames: mean length of a clip, which is up to 2 frames shorter or longer
    """

    seed: int
    train: int
    imbalance: float
    validation: int
    test: int
    width: int
    height: int
    frames: int

    def __post_init__(self) -> None:
        if self.seed < 0:
            raise ValueError(f"seed {self.seed} is negative")
        for name, least in (("train", 2), ("imbalance", 1), ("validation", 1), ("test", 1)):
            if not least <= getattr(self, name) <= MOST_CLIPS:
                raise ValueError(f"{name} must be within {least} and {MOST_CLIPS}, found {getattr(self, name)}")
        if self.width % 2 or self.height % 2 or min(self.width, self.height) < SMALLEST:
            raise ValueError(f"size {self.width}x{self.height}: both sides must be even and at least {SMALLEST} pixels")
        if self.frames < SHORTEST:
            raise ValueError(f"frames must be at least {SHORTEST}, found {self.frames}")

    def counts(self, split: str) -> dict[str, int]:
        """Clips of each class; those of train fall in equal ratios, to 2 at least."""
        most: int = getattr(self, split)
        if split != "train":
            return dict.fromkeys(CLASSES, most)
        shares = [float(self.imbalance) ** (-place / (len(CLASSES) - 1)) for place in range(len(CLASSES))]
        return {CLASSES[FREQUENT[place]]: max(2, round(most * share)) for place, share in enumerate(shares)}


@dataclass(frozen=True)
class Planned:
    """One clip. number: its id, which tells neither split nor class; action: class; fault: of its file"""

    split: str
    number: int
    action: str
    fault: Fault = ""


def plan(demo: Demo) -> dict[str, list[Planned]]:
    """{split: clips}, in an order that tells nothing of their classes."""
    actions = [(split, name) for split in SPLITS for name, count in demo.counts(split).items() for _ in range(count)]
    rng = np.random.default_rng([demo.seed, 0])
    numbers = (1 + rng.permutation(len(actions))).tolist()
    faults = _faults(rng, [split == "train" and demo.counts(split)[name] > len(FILE_FAULTS) for split, name in actions])
    clips = [Planned(split, number, name, fault) for (split, name), number, fault in zip(actions, numbers, faults)]
    order = [clips[place] for place in rng.permutation(len(clips))]
    return {split: [clip for clip in order if clip.split == split] for split in SPLITS}


def _faults(rng: np.random.Generator, spared: list[bool]) -> list[Fault]:
    """One clip for each fault, among those of classes that can spare one."""
    found: list[Fault] = [""] * len(spared)
    for fault, place in zip(FILE_FAULTS, rng.permutation(np.flatnonzero(spared)).tolist()):
        found[place] = fault
    return found
