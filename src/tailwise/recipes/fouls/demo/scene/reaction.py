"""What the victim does after the contact, by severity: sways, stumbles, falls, is thrown and rolls.

The same four reactions serve every action, and where the victim goes tells none.
"""

import math
from collections.abc import Mapping

from tailwise.recipes.fouls.demo.scene.keys import Gesture

STAYS = 99.0
IMPULSE_M_S = (0.2, 0.9, 1.9, 4.2)
"""Speed that the contact adds, in the direction of the fall."""
IMPULSE_S = (0.3, 0.5, 0.7, 0.9)
SPEED_KEPT = ((0.92, 0.92), (0.55, 0.5), (0.30, 0.0), (0.15, 0.0))
"""Shares of the running speed left 0.3 s and 0.8 s after the contact."""

FLAT = {
    "forward": {"hip": -4, "knee": 35, "arm": 150, "armside": 25, "elbow": 20, "bend": -4},
    "backward": {"hip": 42, "knee": 75, "arm": 8, "armside": 55, "elbow": 10, "bend": 8},
    "sideways": {"hip": 38, "knee": 60, "arm": 60, "armside": 8, "elbow": 45, "bend": 10},
}
"""Limb channels of a body lying after a fall in this direction, the same on both sides."""
SAVED = {
    "forward": {"arm": 75, "armside": 25, "elbow": 25, "bend": 12},
    "backward": {"arm": 30, "armside": 75, "elbow": 15, "bend": 18},
    "sideways": {"arm": 15, "armside": 70, "elbow": 20, "bend": 8},
}
"""Arm channels while regaining balance."""
TUCKED = {"hip": 30, "knee": 70, "arm": 30, "armside": 3, "elbow": 110, "bend": 15}


def direction_name(way: float) -> str:
    """Which of the three falls a direction (degrees from the heading, left positive) belongs to."""
    turned = abs((way + 180) % 360 - 180)
    return "forward" if turned < 50 else "backward" if turned > 135 else "sideways"


def both(pose: Mapping[str, float], **uneven: float) -> dict[str, float]:
    """The pose with each limb channel given to left and right; `uneven` names channels of one side."""
    trunk = {name: value for name, value in pose.items() if name == "bend"}
    limbs = {f"{name}_{hand}": value for name, value in pose.items() if name != "bend" for hand in "lr"}
    return trunk | limbs | uneven


def reaction(severity: int, way: float) -> Gesture:
    """The gesture in reaction to the contact at time 0; seconds and degrees."""
    answer = (sway, stumble, fall, thrown)[severity](direction_name(way))
    return directed(answer, way)


def sway(falls: str) -> Gesture:
    moved = {"tilt": 9, **{name: value for name, value in both(SAVED[falls]).items() if name.startswith("armside")}}
    moved |= {name: value * 0.4 for name, value in moved.items() if name != "tilt"}
    return Gesture(0.0, ((0.12, moved), (0.16, moved)), 0.5)


def stumble(falls: str) -> Gesture:
    step = both(SAVED[falls], hip_l=48, knee_l=40, hip_r=-25, knee_r=30) | {"tilt": 30}
    catch = step | {"tilt": 26, "hip_l": -15, "hip_r": 42, "knee_r": 50}
    upright = step | {"tilt": 6, "bend": 10, "hip_l": 12, "knee_l": 20, "hip_r": 5, "knee_r": 20}
    return Gesture(0.0, ((0.28, step), (0.54, catch), (0.85, upright)), 1.4)


def fall(falls: str) -> Gesture:
    tip = both(SAVED[falls], hip_l=40, knee_l=70, hip_r=10, knee_r=50) | {"tilt": 34}
    flat = both(FLAT[falls]) | {"tilt": 89}
    return Gesture(0.0, ((0.22, tip), (0.58, flat), (1.6, flat)), STAYS)


def thrown(falls: str) -> Gesture:
    flung = both({"arm": 70, "armside": 80, "elbow": 20, "hip": 15, "knee": 45, "bend": -12}, hip_l=45)
    air = flung | {"tilt": 55, "lift": 0.55, "spin": 0}
    land = both(FLAT[falls]) | {"tilt": 90, "lift": 0.0, "spin": 0}
    roll = both(TUCKED) | {"tilt": 90, "spin": 200}
    rest = both(FLAT[falls]) | {"tilt": 90, "spin": 360}
    return Gesture(0.0, ((0.16, air), (0.40, land), (0.66, roll), (1.0, rest), (1.6, rest)), STAYS)


def directed(gesture: Gesture, way: float) -> Gesture:
    """The gesture with its `tilt` turned into `pitch` and `sway` towards `way`, degrees from the heading."""
    ahead, left = math.cos(math.radians(way)), math.sin(math.radians(way))
    keys = (
        (
            moment,
            {name: value for name, value in values.items() if name != "tilt"}
            | {"pitch": values["tilt"] * ahead, "sway": values["tilt"] * left},
        )
        for moment, values in gesture.keys
    )
    return Gesture(gesture.start, tuple(keys), gesture.end)
