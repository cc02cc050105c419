"""The 3-D movement of both figures: a pure function of labels, manner and time."""

from dataclasses import dataclass

import numpy as np

from tailwise.recipes.fouls.demo.scene.keys import Gesture, overlay, running, travel
from tailwise.recipes.fouls.demo.scene.offence import SWINGS, handed, swung
from tailwise.recipes.fouls.demo.scene.plan import ACTIONS
from tailwise.recipes.fouls.demo.scene.reaction import IMPULSE_M_S, IMPULSE_S, SPEED_KEPT, reaction
from tailwise.recipes.fouls.demo.scene.skeleton import CHANNELS, Pose, joints_of

OFFENDER, VICTIM = 0, 1
VICTIM_SPEED_M_S = 3.2
DELAY_S = 0.2
"""Seconds from the contact to the victim's reaction; by then the offender's swing has ended."""
PIVOT_M = 0.75
FALL_WAYS = (0, 0, 90, 145)
"""Where a victim may fall, degrees from its heading away from the offender's side, whatever the action."""
CLAIMS = (
    {"arm_n": 80, "elbow_n": 15},
    {"arm_n": 150, "arm_f": 150, "elbow_n": 10, "elbow_f": 10, "bend": -16},
    {"armside_n": 85, "elbow_n": 120},
    {"hip_n": 55, "knee_n": 10},
    {"arm_n": 85, "arm_f": 85},
)
"""Gestures of the victim before the contact: ask for the ball, kick, shield it."""


@dataclass(frozen=True)
class Habit:
    """A gesture unrelated to the labels: its index (-1: none), and how many seconds before the contact."""

    kind: int
    moment: float


@dataclass(frozen=True)
class Manner:
    """Everything that varies between fouls with the same labels; drawn independently of them.

    side: +1 if the offender is at the victim's left, else -1. sizes: factors on the body length of offender and
    victim. pace: factor on speeds. strides: phases of the runs, radians. way: the fall's direction, degrees from the
    victim's heading. claim: a Habit of the victim, with its hand. ball: turn in degrees, speed in m/s and height in m
    of the ball once it is lost. heading: the victim's heading in the world, degrees.
    """

    side: int
    hand: str
    sizes: tuple[float, float]
    pace: float
    strides: tuple[float, float]
    way: float
    claim: Habit
    ball: tuple[float, float, float]
    heading: float


def draw_manner(rng: np.random.Generator) -> Manner:
    """Draw a manner from the foul's random stream."""
    side = int(rng.choice([-1, 1]))
    return Manner(
        side=side,
        hand=str(rng.choice(["l", "r"])),
        sizes=tuple(rng.uniform(0.94, 1.06, 2).tolist()),
        pace=float(rng.uniform(0.9, 1.1)),
        strides=tuple(rng.uniform(0, 2 * np.pi, 2).tolist()),
        way=-side * float(rng.choice(FALL_WAYS)) + float(rng.uniform(-20, 20)),
        claim=draw_habit(rng, len(CLAIMS)),
        ball=(float(rng.uniform(-120, 120)), float(rng.uniform(2, 7)), float(rng.choice([0, 0.9]))),
        heading=float(rng.uniform(0, 360)),
    )


def draw_habit(rng: np.random.Generator, kinds: int) -> Habit:
    """Three players in four make a gesture well before the contact."""
    kind = int(rng.integers(kinds)) if rng.random() < 0.75 else -1
    return Habit(kind, float(rng.uniform(0.75, 1.0)))


def foul_poses(action: int, severity: int, manner: Manner, times: np.ndarray) -> np.ndarray:
    """Joints of offender and victim in the world, metres, (T, 2, 17, 3), at `times` (T,) in s from the contact."""
    offender = joints_of(offender_pose(ACTIONS[action], severity, manner, times), manner.sizes[OFFENDER])
    victim = joints_of(victim_pose(severity, manner, times), manner.sizes[VICTIM])
    return np.stack([offender, victim], axis=1) @ rotation_about_up(manner.heading).T


def ball_path(manner: Manner, times: np.ndarray) -> np.ndarray:
    """The ball (T, 3) in the world, metres: at the victim's feet until it falls, then lost, for every action."""
    turn, speed, height = manner.ball
    after = times - DELAY_S
    kept = VICTIM_SPEED_M_S * manner.pace * np.minimum(times, DELAY_S) + 0.45
    lost = travel(after, [(0, 0), (0.01, speed), (2, 0)])
    away = np.radians(turn)
    rise = 0.12 + height * np.abs(np.sin(2 * np.pi * after)) * np.exp(-np.abs(after))
    path = np.stack([kept + lost * np.cos(away), lost * np.sin(away), rise], axis=1)
    return path @ rotation_about_up(manner.heading).T


def rotation_about_up(degrees: float) -> np.ndarray:
    cos, sin = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]])


def run(times: np.ndarray, speeds: list[tuple[float, float]], stride: float) -> Pose:
    """A plain run along x, at the origin at time 0, at speeds (s, m/s)."""
    pose = {channel: np.zeros(len(times)) for channel in CHANNELS}
    distance, pace = travel(times, speeds), np.interp(times, *np.array(speeds).T)
    return running(pose, distance, pace, stride) | {"x": distance}


def offender_pose(name: str, severity: int, manner: Manner, times: np.ndarray) -> Pose:
    """The offender's run beside the victim, and its swing."""
    speed = VICTIM_SPEED_M_S * manner.pace
    pose = run(times, [(DELAY_S, speed), (0.7, 0.4 * speed)], manner.strides[OFFENDER])
    return swung(pose, SWINGS[name], severity, manner.side, times)


def victim_pose(severity: int, manner: Manner, times: np.ndarray) -> Pose:
    """The victim's run, gesture and reaction."""
    speed = VICTIM_SPEED_M_S * manner.pace
    soon, late = SPEED_KEPT[severity]
    speeds = [(DELAY_S, speed), (DELAY_S + 0.3, soon * speed), (DELAY_S + 0.8, late * speed)]
    pose = with_claim(times, run(times, speeds, manner.strides[VICTIM]), manner.claim, manner.hand)
    late_times = times - DELAY_S
    return carried(overlay(late_times, pose, reaction(severity, manner.way)), severity, manner.way, late_times)


def with_claim(times: np.ndarray, pose: Pose, habit: Habit, hand: str) -> Pose:
    if habit.kind < 0:
        return pose
    claim = handed(CLAIMS[habit.kind], hand, "l" if hand == "r" else "r")
    return overlay(times + habit.moment, pose, Gesture(-0.3, ((-0.1, claim), (0.1, claim)), 0.3))


def carried(pose: Pose, severity: int, way: float, times: np.ndarray) -> Pose:
    """The pose moved by the contact's impulse, and about its feet as it tips over."""
    impulse = [(0, 0), (0.04, IMPULSE_M_S[severity]), (IMPULSE_S[severity], 0)]
    tipped = np.minimum(np.hypot(pose["pitch"], pose["sway"]), 90)
    away = travel(times, impulse) + PIVOT_M * np.sin(np.radians(tipped))
    return pose | {"x": pose["x"] + away * np.cos(np.radians(way)), "y": pose["y"] + away * np.sin(np.radians(way))}
