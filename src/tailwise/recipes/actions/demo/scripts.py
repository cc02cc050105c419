"""What happens in a clip: the places of hand and objects at each moment, by class.

Half of the classes are performed as written here; the others are these with time reversed. So the frames of a pair of
classes are alike, and only their order tells one from the other. Everything else (sizes, places, tempo, other objects)
is drawn in the same way for all classes.

Units: the height of the picture; x to the right, y down, (0, 0) the middle of the table's front line.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from tailwise.recipes.actions.demo.plan import PAIRS

Shape = Literal["box", "ball", "cup", "bottle", "bowl", "chest"]
THINGS: tuple[Shape, ...] = ("box", "ball", "cup", "bottle")
HEIGHTS = {"box": 0.8, "ball": 1.0, "cup": 1.0, "bottle": 1.5, "bowl": 0.75, "chest": 0.7}
"""Of an object, in widths."""
LID_OPEN = 110.0
"""Degrees."""
Key = tuple[float, float, float]
"""Moment in [0, 1], x, y."""


@dataclass(frozen=True)
class Thing:
    """An object. size: its width; colour: 0 to len(COLOURS) - 1"""

    shape: Shape
    size: float
    colour: int

    @property
    def height(self) -> float:
        return self.size * HEIGHTS[self.shape]


@dataclass(frozen=True)
class Moved:
    """An object and where the middle of its foot is, by keys; lid: (moment, degrees) of a chest"""

    thing: Thing
    keys: tuple[Key, ...]
    lid: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True)
class Scene:
    """objects: from the back to the front; hand: keys of the palm; closed: (moment, 0 or 1) of the fingers
    arm: where the arm comes from, relative to the palm, in palms
    named: how many of the objects, from the end, the class's text names
    imagined: an object that is not there, which the text names first
    """

    objects: tuple[Moved, ...]
    hand: tuple[Key, ...]
    closed: tuple[tuple[float, float], ...]
    arm: tuple[float, float]
    named: int = 1
    imagined: Thing | None = None


def mirrored(scene: Scene) -> Scene:
    """Left and right exchanged."""
    objects = tuple(
        Moved(each.thing, tuple((moment, -x, y) for moment, x, y in each.keys), tuple((m, -a) for m, a in each.lid))
        for each in scene.objects
    )
    hand = tuple((moment, -x, y) for moment, x, y in scene.hand)
    return Scene(objects, hand, scene.closed, (-scene.arm[0], scene.arm[1]), scene.named, scene.imagined)


def draw_thing(rng: np.random.Generator, shapes: Sequence[Shape] = THINGS, least: float = 0.16) -> Thing:
    shape = shapes[int(rng.integers(len(shapes)))]
    return Thing(shape, float(rng.uniform(least, least + 0.08)), int(rng.integers(8)))


def _moments(rng: np.random.Generator) -> tuple[float, float]:
    """When the hand has come, and when it begins to go."""
    return float(rng.uniform(0.2, 0.36)), float(rng.uniform(0.64, 0.8))


def _side_arm(rng: np.random.Generator) -> tuple[float, float]:
    return -4.0, float(rng.uniform(-0.5, 2.5))


def _upper_arm(rng: np.random.Generator) -> tuple[float, float]:
    return float(rng.uniform(1, 4)) * float(rng.choice([-1, 1])), float(rng.uniform(-4, -2))


def _away(rng: np.random.Generator, arm: tuple[float, float]) -> tuple[float, float]:
    """Where a hand is before it comes and after it went: towards its arm, out of the picture."""
    far = float(rng.uniform(0.75, 0.95)) / np.hypot(*arm)
    return arm[0] * far, arm[1] * far


def push(rng: np.random.Generator) -> Scene:
    """From left to right, by a hand at the object's left."""
    thing, (come, go), arm = draw_thing(rng), _moments(rng), _side_arm(rng)
    begin, end = rng.uniform(-0.35, -0.2), rng.uniform(0.12, 0.32)
    height, away = -min(thing.height * 0.5, 0.1), _away(rng, arm)
    gap = thing.size / 2 + 0.06
    at = [(begin - gap, height), (end - gap, height)]
    hand = (
        (0.0, at[0][0] + away[0], height + away[1]),
        (come, *at[0]),
        (go, *at[1]),
        (1.0, at[1][0] + away[0], height),
    )
    return Scene((Moved(thing, ((come, begin, 0.0), (go, end, 0.0))),), hand, ((0.0, 1.0),), arm)


def put_on(rng: np.random.Generator) -> Scene:
    """A hand brings an object onto another one, and goes."""
    support, thing = draw_thing(rng, ("box", "cup"), 0.24), draw_thing(rng, least=0.13)
    place, arm, (come, go) = float(rng.uniform(-0.2, 0.2)), _upper_arm(rng), _moments(rng)
    away, top, grip = _away(rng, arm), -support.height, thing.height + 0.02
    there = min(come + 0.15, 0.5)
    carried = ((0.0, place + away[0], top + away[1]), (there, place, top))
    hand = ((0.0, place + away[0], top + away[1] - grip), (there, place, top - grip), (go, place, top - grip))
    hand = (*hand, (1.0, place + away[0], top + away[1] - grip))
    return Scene(
        (Moved(support, ((0.0, place, 0.0),)), Moved(thing, carried)), hand, ((there, 1.0), (go, 0.0)), arm, named=2
    )


def open_lid(rng: np.random.Generator) -> Scene:
    """A hand lifts the lid of a chest, and goes."""
    chest, place, (come, go) = draw_thing(rng, ("chest",), 0.3), float(rng.uniform(-0.2, 0.1)), _moments(rng)
    arm = (float(rng.uniform(0.5, 3)), float(rng.uniform(-4, -2)))
    away, hinge = _away(rng, arm), (place - chest.size / 2, -chest.height)
    turns = [(moment, moment * LID_OPEN) for moment in (0.0, 0.25, 0.5, 0.75, 1.0)]
    tips = [
        (hinge[0] + chest.size * np.cos(np.radians(a)), hinge[1] - chest.size * np.sin(np.radians(a))) for _, a in turns
    ]
    raised = [(come + share * (go - come), float(x), float(y) - 0.03) for (share, _), (x, y) in zip(turns, tips)]
    begin, end = raised[0][1:], raised[-1][1:]
    hand = ((0.0, begin[0] + away[0], begin[1] + away[1]), *raised, (1.0, end[0] + away[0], end[1] + away[1]))
    lid = tuple((come + share * (go - come), angle) for share, angle in turns)
    return Scene((Moved(chest, ((0.0, place, 0.0),), lid),), hand, ((0.0, 1.0),), arm)


def cover(rng: np.random.Generator) -> Scene:
    """A hand brings a bowl and lays it over an object, and goes."""
    thing = draw_thing(rng, ("box", "ball", "cup"), 0.12)
    bowl = Thing("bowl", thing.size * 1.25 + 0.06, int(rng.integers(8)))
    place, arm, (come, go) = float(rng.uniform(-0.2, 0.2)), _upper_arm(rng), _moments(rng)
    away, grip, there = _away(rng, arm), bowl.height + 0.02, min(come + 0.15, 0.5)
    carried = ((0.0, place + away[0], away[1]), (there, place, 0.0))
    hand = ((0.0, place + away[0], away[1] - grip), (there, place, -grip), (go, place, -grip))
    hand = (*hand, (1.0, place + away[0], away[1] - grip))
    return Scene(
        (Moved(thing, ((0.0, place, 0.0),)), Moved(bowl, carried)), hand, ((there, 1.0), (go, 0.0)), arm, named=2
    )


def pretend(rng: np.random.Generator) -> Scene:
    """An empty hand comes closed, opens above an object, and goes open."""
    support, arm, (come, go) = draw_thing(rng, ("box", "cup"), 0.24), _upper_arm(rng), _moments(rng)
    place, there = float(rng.uniform(-0.2, 0.2)), min(come + 0.15, 0.5)
    away, height = _away(rng, arm), -support.height - float(rng.uniform(0.1, 0.2))
    far = (place + away[0], height + away[1])
    hand = ((0.0, *far), (there, place, height), (go, place, height), (1.0, *far))
    return Scene(
        (Moved(support, ((0.0, place, 0.0),)),), hand, ((there, 1.0), (go, 0.0)), arm, imagined=draw_thing(rng)
    )


def lift(rng: np.random.Generator) -> Scene:
    """A hand that holds an object takes it up."""
    thing, place, (come, go) = draw_thing(rng), float(rng.uniform(-0.3, 0.3)), _moments(rng)
    arm, grip, top = _upper_arm(rng), thing.height + 0.02, -float(rng.uniform(0.25, 0.4))
    aside = place + float(rng.uniform(-0.1, 0.1))
    keys = ((come - 0.15, place, 0.0), (go + 0.15, aside, top))
    return Scene((Moved(thing, keys),), tuple((m, x, y - grip) for m, x, y in keys), ((0.0, 1.0),), arm)


def closer(rng: np.random.Generator) -> Scene:
    """A hand that comes from above moves an object over the table towards another."""
    other, thing, arm, (come, go) = draw_thing(rng), draw_thing(rng), _upper_arm(rng), _moments(rng)
    place, grip, away = float(rng.uniform(0.15, 0.4)), thing.height + 0.02, _away(rng, arm)
    begin = float(rng.uniform(-0.4, -0.28))
    end = place - (other.size + thing.size) / 2 - 0.02
    keys = ((come, begin, 0.0), (go, end, 0.0))
    hand = ((0.0, begin + away[0], away[1] - grip), *((m, x, -grip) for m, x, _ in keys))
    hand = (*hand, (1.0, end + away[0], away[1] - grip))
    return Scene((Moved(other, ((0.0, place, 0.0),)), Moved(thing, keys)), hand, ((0.0, 1.0),), arm, named=2)


SCRIPTS: tuple[Callable[[np.random.Generator], Scene], ...] = (
    push,
    push,
    put_on,
    open_lid,
    cover,
    pretend,
    lift,
    closer,
)
"""Of the first class of each pair."""


def scene_of(action: str, rng: np.random.Generator) -> tuple[Scene, bool]:
    """What a class does, and whether time is reversed. Left and right are exchanged by chance where no class says."""
    place = next(place for place, pair in enumerate(PAIRS) if action in pair)
    scene = SCRIPTS[place](rng)
    chance = bool(rng.integers(2))
    mirror = place == 1 if place < 2 else chance
    return mirrored(scene) if mirror else scene, action == PAIRS[place][1]


def at(keys: Sequence[Key], moment: float) -> tuple[float, float]:
    """(x, y) at a moment: smooth between keys, still before the first and after the last."""
    moments = [key[0] for key in keys]
    after = int(np.searchsorted(moments, moment, side="right"))
    if after in (0, len(keys)):
        return keys[min(after, len(keys) - 1)][1:]
    (start, *begin), (end, *stop) = keys[after - 1], keys[after]
    share = (moment - start) / (end - start)
    share = share * share * (3 - 2 * share)
    return begin[0] + share * (stop[0] - begin[0]), begin[1] + share * (stop[1] - begin[1])


def value_at(keys: Sequence[tuple[float, float]], moment: float) -> float:
    """As `at`, of single numbers."""
    return at([(time, value, 0.0) for time, value in keys], moment)[0]
