"""The offender's movement: an action is a sequence of movements, not a posture.

Two figures run side by side. About the contact the offender swings from one extreme to its opposite: from low to high
or from high to low, from behind the victim to ahead of it or back, with a leg or with both arms. The frames of a swing
and of its reverse are the same; only their order tells one action from another.

Channels end in `_n` for the side near the victim and `_f` for the far side.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from tailwise.recipes.fouls.demo.scene.keys import ease
from tailwise.recipes.fouls.demo.scene.skeleton import LIMBS, Pose

SWING = ((-0.55, 0), (-0.25, -1), (0.25, 1), (0.55, 0))
"""(seconds from the contact, position between the two extremes of the swing)"""
STRENGTH = (0.76, 0.84, 0.92, 1.0)
"""Amplitude of the swing, by severity."""
ALONG_M = {"ahead": 0.35, "behind": -0.9}
BESIDE_M = {"leg": 0.95, "arms": 0.58}

POSES = {
    ("leg", "low"): {
        "pitch": -58,
        "bend": 45,
        "hip_n": 24,
        "knee_n": 4,
        "hip_f": 50,
        "knee_f": 105,
        "arm_f": -60,
        "arm_n": 25,
        "armside_n": 45,
        "armside_f": 30,
        "elbow_n": 30,
        "elbow_f": 30,
    },
    ("leg", "high"): {
        "lift": 0.18,
        "pitch": -18,
        "bend": -4,
        "hip_n": 92,
        "knee_n": 6,
        "hip_f": -14,
        "knee_f": 30,
        "arm_n": -10,
        "arm_f": 10,
        "armside_n": 45,
        "armside_f": 60,
    },
    ("arms", "low"): {
        "bend": 42,
        "hip_n": 70,
        "hip_f": 45,
        "knee_n": 95,
        "knee_f": 85,
        "arm_n": 62,
        "arm_f": 62,
        "armside_n": 6,
        "armside_f": 6,
        "elbow_n": 8,
        "elbow_f": 8,
    },
    ("arms", "high"): {
        "lift": 0.16,
        "bend": -8,
        "hip_n": -8,
        "hip_f": 12,
        "knee_n": 25,
        "knee_f": 10,
        "arm_n": 128,
        "arm_f": 128,
        "armside_n": 14,
        "armside_f": 14,
        "elbow_n": 35,
        "elbow_f": 35,
    },
}
OUT_OF_REACH = {"hip_n": 62, "knee_n": 125}
"""Folds the raised leg behind the victim, so that it does not hit anybody."""


@dataclass(frozen=True)
class Swing:
    """The limbs, and the end position; a swing begins at the opposite position."""

    limbs: Literal["leg", "arms"]
    height: Literal["low", "high"]
    place: Literal["ahead", "behind"]


SWINGS = {
    "Tackling": Swing("leg", "low", "ahead"),
    "Standing tackling": Swing("leg", "low", "behind"),
    "High leg": Swing("leg", "high", "ahead"),
    "Dive": Swing("leg", "high", "behind"),
    "Holding": Swing("arms", "low", "behind"),
    "Pushing": Swing("arms", "high", "ahead"),
    "Elbowing": Swing("arms", "high", "behind"),
    "Challenge": Swing("arms", "low", "ahead"),
}
"""Slides in; hooks low from behind; kicks up in front; lifts the leg away, out of reach of a victim that falls all the
same; drags down and back; shoves up and on; swings up and back; drops a shoulder into the victim's way."""


OPPOSITE: dict[str, Any] = {"low": "high", "high": "low", "ahead": "behind", "behind": "ahead"}


def swung(pose: Pose, swing: Swing, severity: int, side: int, times: np.ndarray) -> Pose:
    """The pose (T,) of running beside the victim, with the swing; the victim is on the right if `side` is +1."""
    moment = STRENGTH[severity] * ease(times, list(SWING))
    near, far = ("r", "l") if side > 0 else ("l", "r")
    start = Swing(swing.limbs, OPPOSITE[swing.height], OPPOSITE[swing.place])
    changed, along = dict(pose), np.zeros(len(times))
    for extreme, weight in ((start, np.maximum(-moment, 0)), (swing, np.maximum(moment, 0))):
        along = along + weight * ALONG_M[extreme.place]
        for channel, value in handed(posture(extreme), near, far).items():
            changed[channel] = changed[channel] + weight * (value - changed[channel])
    facing = -side * np.degrees(np.arctan2(BESIDE_M[swing.limbs], -along))
    beside = np.full(len(times), side * BESIDE_M[swing.limbs])
    return changed | {"x": pose["x"] + along, "y": pose["y"] + beside, "yaw": np.abs(moment) * facing}


def posture(extreme: Swing) -> dict[str, float]:
    """The offender's channels at one end of a swing."""
    folded = extreme == Swing("leg", "high", "behind")
    return POSES[extreme.limbs, extreme.height] | (OUT_OF_REACH if folded else {})


def handed(values: Mapping[str, float], near: str, far: str) -> dict[str, float]:
    """The channels with near and far mapped to left and right."""
    limbs = {f"{limb}_{mark}": f"{limb}_{hand}" for limb in LIMBS for mark, hand in (("n", near), ("f", far))}
    return {limbs.get(name, name): value for name, value in values.items()}
