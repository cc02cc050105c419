"""Plan the labels, cameras and faults of all fouls before rendering."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

ACTIONS = ("Tackling", "Standing tackling", "High leg", "Holding", "Pushing", "Elbowing", "Challenge", "Dive")
SEVERITIES = ("No offence", "No card", "Yellow card", "Red card")
SPLITS = ("Train", "Valid", "Test")
CHALLENGE = "Chall"
"""The split without labels, named as the official one."""
FPS = 25

ACTION_SKEW = (357, 1038, 103, 273, 88, 178, 336, 28)
"""Fouls per action in the official train split; three of them are known only before the label rule."""
SEVERITY_SKEW = (304, 1303, 685, 27)
LEAST_PER_CLASS = 2
LABEL_FAULTS = ("between", "severity 2.0", "severity 4.0", "dont know")
FILE_FAULTS = ("missing", "262 bytes", "truncated")
CAMERAS = (
    "Main camera center",
    "Close-up player or field referee",
    "Main camera left",
    "Main camera right",
    "Close-up side staff",
    "Main behind the goal",
)
CAMERA_ODDS = (0.3, 0.4, 0.1, 0.1, 0.05, 0.05)
VIEW_ODDS = (0.70, 0.22, 0.08)
"""Probabilities of two, three and four views."""
FOULS_PER_MATCH = 10


@dataclass(frozen=True)
class Demo:
    """The demo's size: fouls that survive the official label rule, pixels, frames, the frame of contact.

    challenge: fouls of the split without labels, which are drawn as those of train; 0: no such split
    """

    seed: int
    train: int
    valid: int
    test: int
    width: int
    height: int
    frames: int
    contact: int
    challenge: int = 0

    def __post_init__(self) -> None:
        if self.seed < 0:
            raise ValueError(f"seed {self.seed} is negative")
        if self.train < LEAST_PER_CLASS * len(ACTIONS):
            raise ValueError(f"train {self.train} cannot hold {LEAST_PER_CLASS} fouls of {len(ACTIONS)} actions")
        if self.challenge < 0 or 0 < self.challenge < LEAST_PER_CLASS * len(ACTIONS):
            least = LEAST_PER_CLASS * len(ACTIONS)
            raise ValueError(f"challenge must be 0, for no such split, or at least {least}, found {self.challenge}")
        for name in ("valid", "test"):
            if getattr(self, name) < len(ACTIONS):
                raise ValueError(f"{name} {getattr(self, name)} cannot hold a foul of each of {len(ACTIONS)} actions")
        if self.width % 2 or self.height % 2 or min(self.width, self.height) < 32:
            raise ValueError(f"size {self.width}x{self.height}: yuv420p needs even sides, the figures at least 32 px")
        if not 0 < self.contact < self.frames - 1:
            raise ValueError(f"contact {self.contact} is not inside a clip of {self.frames} frames")


@dataclass(frozen=True)
class View:
    """One camera's clip. `speed` is the replay's slow-down: 1.0 is live."""

    camera: str
    speed: float
    timestamp_ms: int
    fault: Literal["", "missing", "262 bytes", "truncated"] = ""


@dataclass(frozen=True)
class Foul:
    """One event: class ids as performed, the fault of its annotation, and its views."""

    split: str
    index: int
    match: int
    action: int
    severity: int
    views: tuple[View, ...]
    fault: Literal["", "between", "severity 2.0", "severity 4.0", "dont know"] = ""


def stream(seed: int, purpose: Literal["plan", "match", "foul", "view"], split: str, *ids: int) -> np.random.Generator:
    """An independent random generator for these keys, whatever else is drawn and in whatever order."""
    first, second = (*ids, 0, 0)[:2]
    number = ("plan", "match", "foul", "view").index(purpose)
    return np.random.default_rng([seed, number, (*SPLITS, CHALLENGE).index(split), first, second])


def apportion(total: int, skew: tuple[int, ...], least: int) -> list[int]:
    """Share `total` in proportion to `skew` by largest remainders, each class getting `least` first.

    >>> apportion(12, (90, 9, 1), 2)
    [8, 2, 2]
    """
    quota = np.maximum(total * np.asarray(skew) / sum(skew), least)
    above = quota - least
    quota = least + above * (total - least * len(skew)) / max(above.sum(), 1e-9)
    counts = np.floor(quota + 1e-9).astype(int)
    for late in np.argsort(counts - quota, kind="stable")[: total - counts.sum()]:
        counts[late] += 1
    return counts.tolist()


def train_labels(count: int, rng: np.random.Generator) -> list[tuple[int, int]]:
    """(action, severity) of the train fouls: official skew on both heads, which are independent of each other."""
    actions = np.repeat(range(len(ACTIONS)), apportion(count, ACTION_SKEW, LEAST_PER_CLASS))
    severities = np.repeat(range(len(SEVERITIES)), apportion(count, SEVERITY_SKEW, LEAST_PER_CLASS))
    return list(zip(rng.permutation(actions).tolist(), rng.permutation(severities).tolist()))


def even_labels(count: int, rng: np.random.Generator) -> list[tuple[int, int]]:
    """(action, severity) of a validation or test split: both heads, and their pairs, as even as `count` allows."""
    pairs = [(n % len(ACTIONS), (n + n // len(ACTIONS)) % len(SEVERITIES)) for n in range(count)]
    return [pairs[n] for n in rng.permutation(count)]


def plan_split(demo: Demo, split: str) -> list[Foul]:
    """All fouls of a split, ordered by id: the counted ones and those that the label rule drops."""
    rng = stream(demo.seed, "plan", split)
    count = getattr(demo, split.lower())
    labels = (train_labels if split == "Train" else even_labels)(count, rng)
    spoiled = [(int(rng.integers(len(ACTIONS) - 1)), severity) for severity in (1, 1, 2, 1)]
    rows = list(zip(labels + spoiled, ("",) * count + LABEL_FAULTS))
    rows = [rows[n] for n in rng.permutation(len(rows))]
    matches = match_of_each(len(rows), rng)
    views = [draw_views(rng) for _ in rows]
    if split == "Train":
        views = spoil_files(views, [fault == "" for _, fault in rows], rng)
    return [
        Foul(split, index, match, action, severity, seen, fault)
        for index, ((((action, severity), fault), match), seen) in enumerate(zip(zip(rows, matches), views))
    ]


def plan_challenge(demo: Demo) -> list[Foul]:
    """All fouls of the split without labels, ordered by id; none of its files is faulty."""
    rng = stream(demo.seed, "plan", CHALLENGE)
    labels = train_labels(demo.challenge, rng) if demo.challenge else []
    matches = match_of_each(len(labels), rng)
    views = [draw_views(rng) for _ in labels]
    return [
        Foul(CHALLENGE, index, match, action, severity, seen)
        for index, ((action, severity), match, seen) in enumerate(zip(labels, matches, views))
    ]


def match_of_each(count: int, rng: np.random.Generator) -> list[int]:
    """The match of each foul; a match has about ten."""
    matches = max(1, round(count / FOULS_PER_MATCH))
    middle = np.linspace(0, count, matches + 1)[1:-1]
    starts = np.round(middle + rng.integers(-1, 2, matches - 1)).astype(int)
    return np.searchsorted(starts, np.arange(count), side="right").tolist()


def draw_views(rng: np.random.Generator) -> tuple[View, ...]:
    """Two to four views; the first is live, the others are often slow-motion replays."""
    start_ms = int(rng.integers(60_000, 2_700_000))
    return tuple(draw_view(rng, nth, start_ms) for nth in range(int(rng.choice([2, 3, 4], p=VIEW_ODDS))))


def draw_view(rng: np.random.Generator, nth: int, start_ms: int) -> View:
    slow = nth > 0 and rng.random() < 0.6
    speed = round(float(rng.integers(12, 23)) / 10, 1) if slow else 1.0
    later_ms = nth * 5_000 + int(rng.integers(0, 4_000)) if nth else 0
    return View(str(rng.choice(CAMERAS, p=CAMERA_ODDS)), speed, start_ms + later_ms)


def spoil_files(views: list[tuple[View, ...]], counted: list[bool], rng: np.random.Generator) -> list[tuple[View, ...]]:
    """Damage one clip of three counted fouls, one for each kind of fault; every foul keeps a usable view."""
    chosen = rng.permutation(np.flatnonzero(counted))[: len(FILE_FAULTS)].tolist()
    faults = dict(zip(chosen, FILE_FAULTS))
    return [
        (*seen[:-1], View(seen[-1].camera, seen[-1].speed, seen[-1].timestamp_ms, faults.get(n, "")))
        for n, seen in enumerate(views)
    ]
