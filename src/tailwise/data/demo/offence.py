"""What the offender does: for each action an approach, a gesture, and where hands or feet meet the victim.

Channels end in `_n` for the near or striking side and `_f` for the far side. `side` and `sway` lean towards the near
side, `twist` brings the near shoulder forward. Tuples of four are values by severity.
"""

from dataclasses import dataclass

from tailwise.data.demo.keys import Gesture, Keys
from tailwise.data.demo.plan import ACTIONS
from tailwise.data.demo.skeleton import LIMBS

By4 = tuple[float, float, float, float]


@dataclass(frozen=True)
class Approach:
    """How the offender arrives at the contact.

    bearing: least and most angle between both headings, degrees. behind, beside: gap at the contact, metres, along
    and across the offender's heading. speed: m/s before the contact, by severity. after: share of the speed at the
    contact and how many seconds it takes to lose all but `kept` of it.
    """

    bearing: tuple[float, float]
    behind: float
    beside: float
    speed: By4
    after: tuple[float, float]
    kept: float


@dataclass(frozen=True)
class Touch:
    """The end of the offender's limb held to a joint of the victim by `weight`, keys (s, 0..1).

    targets: one joint, or one by severity; `_near` is the victim's side that faces the offender, `_same` the hand's.
    """

    limb: str
    targets: tuple[str, ...]
    weight: tuple[tuple[float, float], ...]


ACROSS, ALONG, BESIDE = (70, 150), (-10, 10), (8, 22)
APPROACHES = {
    "Tackling": Approach(ACROSS, 1.0, 0, (3.0, 3.8, 4.8, 6.2), (0.8, 0.5), 0),
    "Standing tackling": Approach(ACROSS, 0.78, 0, (2.0, 2.8, 3.8, 5.0), (0.5, 0.2), 0.1),
    "High leg": Approach(ACROSS, 0.80, 0, (2.0, 2.8, 3.8, 5.0), (0.5, 0.2), 0.1),
    "Holding": Approach(ALONG, 0.55, 0.3, (3.3, 3.4, 3.6, 3.8), (0.8, 0.35), 0.1),
    "Pushing": Approach(ALONG, 0.62, 0, (3.5, 3.8, 4.4, 5.2), (0.7, 0.3), 0.25),
    "Elbowing": Approach(BESIDE, 0.0, 0.55, (3.2, 3.3, 3.5, 3.8), (0.8, 0.5), 0.5),
    "Challenge": Approach(BESIDE, 0.0, 0.43, (3.2, 3.4, 3.8, 4.4), (0.9, 0.5), 0.5),
}
NEAR_MISSES = (
    Approach(ACROSS, 1.45, 0, (2.6, 3.0, 3.4, 3.8), (0.4, 0.2), 0.1),
    Approach(ALONG, 1.25, 0.4, (3.3, 3.5, 3.7, 4.0), (0.7, 0.3), 0.25),
    Approach(BESIDE, 0.0, 1.15, (3.2, 3.4, 3.6, 3.8), (0.9, 0.5), 0.5),
)
"""A dive borrows its approach from the three others, and stays too far away to touch."""

TOUCHES = {
    "Standing tackling": (Touch("leg_n", ("ankle_near",), ((-0.12, 0), (0, 1), (0.1, 0))),),
    "High leg": (Touch("leg_n", ("pelvis", "neck", "neck", "head"), ((-0.14, 0), (0, 1), (0.12, 0))),),
    "Holding": (
        Touch("arm_n", ("shoulder_same",), ((-0.35, 0), (-0.2, 1), (0.5, 1), (0.75, 0))),
        Touch("arm_f", ("elbow_near",), ((-0.15, 0), (0, 0.8), (0.45, 0.8), (0.6, 0))),
    ),
    "Pushing": (
        Touch("arm_n", ("shoulder_same",), ((-0.08, 0), (0, 1), (0.1, 1), (0.2, 0))),
        Touch("arm_f", ("shoulder_same",), ((-0.08, 0), (0, 1), (0.1, 1), (0.2, 0))),
    ),
}
WIND_UP_S = (0.34, 0.28, 0.22, 0.17)


def slide(severity: int, wind_up: float) -> Gesture:
    studs = (0, 4, 10, 18)[severity]
    down = {
        "pitch": -82,
        "bend": 45,
        "side": 0,
        "hip_n": 6 + studs,
        "knee_n": 4,
        "hip_f": 40,
        "knee_f": 85,
        "arm_f": -60,
        "armside_f": 25,
        "arm_n": 30,
        "armside_n": 45,
        "elbow_n": 30,
        "elbow_f": 30,
    }
    return Gesture(-0.30 - wind_up, ((-0.22, down), (0.55, down)), 1.5)


def standing_tackle(severity: int, wind_up: float) -> Gesture:
    back = {"hip_n": -32, "knee_n": 70, "bend": 12, "armside_f": 35, "hip_f": 12, "knee_f": 25}
    poke = {"hip_n": 34, "knee_n": 8, "bend": 20, "armside_f": 45, "armside_n": 30, "hip_f": 4, "knee_f": 32}
    follow = poke | {"hip_n": (36, 42, 50, 62)[severity], "bend": 14}
    return Gesture(-0.18 - wind_up, ((-wind_up, back), (0, poke), (0.16, follow)), 0.6)


def high_leg(severity: int, wind_up: float) -> Gesture:
    back = {"hip_n": -20, "knee_n": 85, "bend": 4, "pitch": -4, "hip_f": 0, "knee_f": 18}
    lean = (14, 18, 22, 26)[severity]
    up = {
        "hip_n": (62, 76, 88, 100)[severity],
        "knee_n": (30, 15, 6, 0)[severity],
        "bend": -4,
        "pitch": -lean,
        "hip_f": -lean,
        "knee_f": 8,
        "armside_n": 45,
        "armside_f": 60,
        "arm_n": -10,
        "arm_f": 10,
    }
    return Gesture(-0.18 - wind_up, ((-wind_up, back), (0, up), (0.14, up)), 0.62)


def hold(severity: int, wind_up: float) -> Gesture:
    grip = {"arm_n": 75, "elbow_n": 10, "armside_n": 5, "bend": 16, "pitch": 0}
    pull = {
        "arm_n": 60,
        "elbow_n": 80,
        "bend": (6, 0, -6, -12)[severity],
        "pitch": (-4, -12, -20, -28)[severity],
        "arm_f": 55,
        "elbow_f": 60,
        "knee_n": 30,
        "knee_f": 35,
        "hip_n": 25,
        "hip_f": 20,
    }
    return Gesture(-0.28 - wind_up, ((-0.22, grip), (0, grip), (wind_up, pull), (0.5, pull)), 0.9)


def push(severity: int, wind_up: float) -> Gesture:
    drawn = {
        "arm_n": 38,
        "arm_f": 38,
        "elbow_n": 120,
        "elbow_f": 120,
        "armside_n": 22,
        "armside_f": 22,
        "bend": -4,
        "pitch": 0,
    }
    thrust = {
        "arm_n": 85,
        "arm_f": 85,
        "elbow_n": 18,
        "elbow_f": 18,
        "armside_n": 4,
        "armside_f": 4,
        "bend": 18,
        "pitch": 10,
    }
    through = thrust | {"elbow_n": 0, "elbow_f": 0, "bend": 24, "pitch": (6, 14, 22, 30)[severity]}
    return Gesture(-0.2 - wind_up, ((-wind_up, drawn), (0, thrust), (0.14, through), (0.34, through)), 0.75)


def elbow(severity: int, wind_up: float) -> Gesture:
    cocked = {"armside_n": 25, "arm_n": 70, "elbow_n": 115, "twist": 38, "side": -8, "bend": 6}
    hit = {"armside_n": (78, 92, 102, 110)[severity], "arm_n": 5, "elbow_n": 130, "twist": -8, "side": 4, "bend": 0}
    through = hit | {"arm_n": -25, "twist": (-24, -34, -46, -58)[severity]}
    return Gesture(-0.2 - wind_up, ((-wind_up, cocked), (0, hit), (0.14, through), (0.34, through)), 0.8)


def barge(severity: int, wind_up: float) -> Gesture:
    apart = {"sway": -6, "side": -4, "elbow_n": 70, "armside_n": 12, "armside_f": 30}
    lean = {
        "sway": (9, 15, 22, 30)[severity],
        "side": 10,
        "arm_n": 12,
        "armside_n": 2,
        "elbow_n": 75,
        "armside_f": 42,
        "bend": 14,
    }
    return Gesture(-0.2 - wind_up, ((-wind_up, apart), (0, lean), (0.2, lean)), 0.7)


def innocence(severity: int, wind_up: float) -> Gesture:
    """Both hands shown: nothing was touched."""
    shown = {"arm_n": 30, "arm_f": 30, "armside_n": 45, "armside_f": 45, "elbow_n": 75, "elbow_f": 75, "bend": -2}
    return Gesture(0.15, ((0.4, shown), (0.8, shown)), 1.3)


GESTURES = dict(zip(ACTIONS, (slide, standing_tackle, high_leg, hold, push, elbow, barge, innocence)))


def handed(keys: Keys, near: str) -> Keys:
    """Keys with near and far turned into left and right."""
    far = "l" if near == "r" else "r"
    limbs = {f"{limb}_{mark}": f"{limb}_{hand}" for limb in LIMBS for mark, hand in (("n", near), ("f", far))}
    sign = 1 if near == "r" else -1
    mirror = {"side": sign, "twist": sign, "sway": -sign}
    return tuple(
        (moment, {limbs.get(name, name): value * mirror.get(name, 1) for name, value in values.items()})
        for moment, values in keys
    )
