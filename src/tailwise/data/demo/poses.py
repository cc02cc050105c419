"""The true movement of both figures of a foul: a pure function of its labels, its manner and time."""

from dataclasses import dataclass

import numpy as np

from tailwise.data.demo.keys import Gesture, ease, overlay, running, travel
from tailwise.data.demo.offence import APPROACHES, GESTURES, NEAR_MISSES, TOUCHES, WIND_UP_S, Approach, Touch, handed
from tailwise.data.demo.plan import ACTIONS
from tailwise.data.demo.reaction import IMPULSE_M_S, IMPULSE_S, SPEED_KEPT, clutch, reaction, theatrics
from tailwise.data.demo.skeleton import CHANNELS, JOINT, Pose, joints_of, reach

OFFENDER, VICTIM = 0, 1
VICTIM_SPEED_M_S = 3.2
DIVE_AHEAD_S = 0.1
PIVOT_M = 0.75
FALL_WAY = {
    "Tackling": 0,
    "Standing tackling": 0,
    "Holding": 145,
    "Pushing": 0,
    "Elbowing": 115,
    "Challenge": 90,
    "Dive": 0,
}
"""Where the victim goes, degrees from its heading away from the offender's side; a high leg takes it along."""
DECOYS = ("Standing tackling", "High leg", "Holding", "Pushing", "Elbowing", "Challenge", "Tackling")
"""Gestures that offenders also make in the air, away from the contact: which gesture is not enough, when counts."""
CLAIMS = (
    {"arm_n": 80, "elbow_n": 15},
    {"arm_n": 150, "arm_f": 150, "elbow_n": 10, "elbow_f": 10, "bend": -16},
    {"armside_n": 85, "elbow_n": 120},
    {"hip_n": 55, "knee_n": 10},
    {"arm_n": 85, "arm_f": 85},
)
"""What victims do on their way: ask for the ball, kick, shield it."""


@dataclass(frozen=True)
class Habit:
    """A gesture beside the point: which of its list (-1: none), when (s from the contact), how strong (0..3)."""

    kind: int
    moment: float
    strength: int


@dataclass(frozen=True)
class Manner:
    """All that varies between two fouls of the same labels; drawn without knowing them.

    side: +1 if the offender comes from the victim's left, else -1. sizes: factors on the body length of offender and
    victim. pace: factor on speeds. strides: phases of the runs, radians. bearing, borrowed: 0..1, the place within
    the action's range of bearings, and the choice of approach of a dive. turn: degrees added to the fall's direction.
    decoy, claim: a Habit of the offender and one of the victim. ball: turn in degrees, speed in m/s and height in m
    of the ball once it is lost. heading: the victim's heading in the world, degrees.
    """

    side: int
    striking_hand: str
    sizes: tuple[float, float]
    pace: float
    strides: tuple[float, float]
    bearing: float
    borrowed: float
    turn: float
    decoy: Habit
    claim: Habit
    ball: tuple[float, float, float]
    heading: float


def draw_manner(rng: np.random.Generator) -> Manner:
    """A manner from a foul's own stream."""
    return Manner(
        side=int(rng.choice([-1, 1])),
        striking_hand=str(rng.choice(["l", "r"])),
        sizes=tuple(rng.uniform(0.94, 1.06, 2).tolist()),
        pace=float(rng.uniform(0.9, 1.1)),
        strides=tuple(rng.uniform(0, 2 * np.pi, 2).tolist()),
        bearing=float(rng.random()),
        borrowed=float(rng.random()),
        turn=float(rng.uniform(-20, 20)),
        decoy=draw_habit(rng, len(DECOYS)),
        claim=draw_habit(rng, len(CLAIMS)),
        ball=(float(rng.uniform(-120, 120)), float(rng.uniform(2, 7)), float(rng.choice([0, 0.9]))),
        heading=float(rng.uniform(0, 360)),
    )


def draw_habit(rng: np.random.Generator, kinds: int) -> Habit:
    """Three players in four make a gesture well before or well after the contact."""
    kind = int(rng.integers(kinds)) if rng.random() < 0.75 else -1
    moment = float(rng.uniform(0.75, 1.0) * rng.choice([-1, 1]))
    return Habit(kind, moment, int(rng.integers(4)))


def foul_poses(action: int, severity: int, manner: Manner, times: np.ndarray) -> np.ndarray:
    """Joints of offender and victim in the world, metres, (T, 2, 17, 3), at `times` (T,) in s from the contact."""
    name = ACTIONS[action]
    approach = choose_approach(name, manner)
    bearing = -manner.side * (approach.bearing[0] + manner.bearing * (approach.bearing[1] - approach.bearing[0]))
    victim = victim_pose(name, severity, bearing, manner, times)
    near = "r" if manner.side > 0 else "l"
    striking = manner.striking_hand if approach.beside == 0 else near
    offender = offender_pose(name, severity, approach, bearing, striking, manner, times)
    figures = np.stack([joints_of(offender, manner.sizes[OFFENDER]), joints_of(victim, manner.sizes[VICTIM])], axis=1)
    for touch in TOUCHES.get(name, ()):
        figures[:, OFFENDER] = touched(figures, touch, severity, striking, manner.side, times)
    return figures @ rotation_about_up(manner.heading).T


def ball_path(manner: Manner, times: np.ndarray) -> np.ndarray:
    """The ball (T, 3) in the world, metres: at the victim's feet until the contact, then lost whatever the action."""
    turn, speed, height = manner.ball
    kept = VICTIM_SPEED_M_S * manner.pace * np.minimum(times, 0) + 0.45
    lost = travel(times, [(0, 0), (0.01, speed), (2, 0)])
    away = np.radians(turn)
    rise = 0.12 + height * np.abs(np.sin(2 * np.pi * times)) * np.exp(-np.abs(times))
    path = np.stack([kept + lost * np.cos(away), lost * np.sin(away), rise], axis=1)
    return path @ rotation_about_up(manner.heading).T


def rotation_about_up(degrees: float) -> np.ndarray:
    cos, sin = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]])


def choose_approach(name: str, manner: Manner) -> Approach:
    return APPROACHES[name] if name in APPROACHES else NEAR_MISSES[int(manner.borrowed * len(NEAR_MISSES))]


def run_along(heading: float, distance: np.ndarray, pace: np.ndarray, stride: float) -> Pose:
    """A plain run through the origin along `heading` degrees."""
    pose = {channel: np.zeros(len(distance)) for channel in CHANNELS}
    pose = running(pose, distance, pace, stride)
    across = np.radians(heading)
    return pose | {
        "x": distance * np.cos(across),
        "y": distance * np.sin(across),
        "yaw": np.full(len(distance), heading),
    }


def with_decoy(times: np.ndarray, pose: Pose, habit: Habit, hand: str) -> Pose:
    """A slide takes too long to get up from: it comes after the contact only."""
    if habit.kind < 0:
        return pose
    name = DECOYS[habit.kind]
    moment = abs(habit.moment) if name == "Tackling" else habit.moment
    gesture = GESTURES[name](habit.strength, WIND_UP_S[habit.strength])
    return overlay(times - moment, pose, Gesture(gesture.start, handed(gesture.keys, hand), gesture.end))


def with_claim(times: np.ndarray, pose: Pose, habit: Habit, hand: str) -> Pose:
    """A victim has no gesture to spare after the contact: its claims come before."""
    if habit.kind < 0:
        return pose
    claim = CLAIMS[habit.kind]
    return overlay(times + abs(habit.moment), pose, Gesture(-0.3, handed(((-0.1, claim), (0.1, claim)), hand), 0.3))


def offender_pose(
    name: str, severity: int, approach: Approach, bearing: float, striking: str, manner: Manner, times: np.ndarray
) -> Pose:
    """The offender's run, habit and gesture; the victim is at the origin at time 0."""
    speed = approach.speed[severity] * manner.pace
    share, slowing = approach.after
    keys = [(-0.35, speed), (0, share * speed), (slowing, approach.kept * speed)]
    pace = np.interp(times, *np.array(keys).T)
    pose = run_along(bearing, travel(times, keys), pace, manner.strides[OFFENDER])
    ahead = np.radians(bearing)
    pose["x"] = pose["x"] - approach.behind * np.cos(ahead) - manner.side * approach.beside * np.sin(ahead)
    pose["y"] = pose["y"] - approach.behind * np.sin(ahead) + manner.side * approach.beside * np.cos(ahead)
    pose = with_decoy(times, pose, manner.decoy, striking)
    gesture = GESTURES[name](severity, WIND_UP_S[severity])
    return overlay(times, pose, Gesture(gesture.start, handed(gesture.keys, striking), gesture.end))


def victim_pose(name: str, severity: int, bearing: float, manner: Manner, times: np.ndarray) -> Pose:
    """The victim's run along x, its habit, and its reaction; it is at the origin at time 0."""
    speed = VICTIM_SPEED_M_S * manner.pace
    soon, late = SPEED_KEPT[severity]
    backward = 0.5 if name in ("High leg", "Holding") and severity else 1.0
    keys = [(0, speed), (0.3, soon * backward * speed), (0.8, late * backward * speed)]
    way = manner.turn + (bearing if name == "High leg" else -manner.side * FALL_WAY[name])
    shifted = times + (DIVE_AHEAD_S if name == "Dive" else 0)
    pace = np.interp(times, *np.array(keys).T)
    pose = run_along(0, travel(times, keys), pace, manner.strides[VICTIM])
    pose = with_claim(times, pose, manner.claim, manner.striking_hand)
    pose = overlay(shifted, pose, reaction(severity, way))
    if name == "Elbowing":
        pose = overlay(shifted, pose, clutch(severity))
    if name == "Dive":
        pose = overlay(shifted, pose, theatrics(severity))
    return carried(pose, severity, way, shifted)


def carried(pose: Pose, severity: int, way: float, times: np.ndarray) -> Pose:
    """The pose moved by the contact's impulse, and about its feet as it tips over."""
    impulse = [(-0.02, 0), (0.04, IMPULSE_M_S[severity]), (IMPULSE_S[severity], 0)]
    tipped = np.minimum(np.hypot(pose["pitch"], pose["sway"]), 90)
    away = travel(times, impulse) + PIVOT_M * np.sin(np.radians(tipped))
    return pose | {"x": pose["x"] + away * np.cos(np.radians(way)), "y": pose["y"] + away * np.sin(np.radians(way))}


def touched(
    figures: np.ndarray, touch: Touch, severity: int, striking: str, side: int, times: np.ndarray
) -> np.ndarray:
    """The offender's joints (T, 17, 3) with the touch's limb brought to the victim."""
    other = "l" if striking == "r" else "r"
    hand = striking if touch.limb.endswith("_n") else other
    chain = ("hip", "knee", "ankle") if touch.limb.startswith("leg") else ("shoulder", "elbow", "hand")
    target = touch.targets[severity % len(touch.targets)]
    target = target.replace("_same", f"_{hand}").replace("_near", "_l" if side > 0 else "_r")
    return reach(
        figures[:, OFFENDER],
        tuple(f"{joint}_{hand}" for joint in chain),
        figures[:, VICTIM, JOINT[target]],
        ease(times, list(touch.weight)),
    )
