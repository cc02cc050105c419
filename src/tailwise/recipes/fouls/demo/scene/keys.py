"""Keyframe animation with smooth interpolation. Times in seconds; 0 is the contact."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tailwise.recipes.fouls.demo.scene.skeleton import Pose

Keys = tuple[tuple[float, dict[str, float]], ...]
STRIDE_M = 2.6


@dataclass(frozen=True)
class Gesture:
    """Keyframed poses, blended in from time `start` and blended out by time `end`."""

    start: float
    keys: Keys
    end: float


def ease(times: np.ndarray, points: Sequence[tuple[float, float]]) -> np.ndarray:
    """Smooth interpolation (T,) through points (time, value), with zero slope at each; constant outside.

    >>> ease(np.array([-1.0, 0.5, 1.0, 3.0]), [(0, 0), (1, 10)]).tolist()
    [0.0, 5.0, 10.0, 10.0]
    """
    moments, values = np.array(points, float).T
    place = np.interp(times, moments, np.arange(len(moments)))
    before = np.minimum(place.astype(int), len(moments) - 2) if len(moments) > 1 else np.zeros(len(times), int)
    part = place - before
    after = np.minimum(before + 1, len(moments) - 1)
    return values[before] + (values[after] - values[before]) * part**2 * (3 - 2 * part)


def travel(times: np.ndarray, speeds: list[tuple[float, float]]) -> np.ndarray:
    """Distance in metres from time 0 (T,), negative before it, for linearly interpolated speeds."""
    grid = np.arange(-400, 401) / 100
    speed = np.interp(grid, *np.array(speeds, float).T)
    way = np.concatenate([[0], np.cumsum((speed[1:] + speed[:-1]) / 200)])
    return np.interp(times, grid, way - way[400])


def overlay(times: np.ndarray, pose: Pose, gesture: Gesture) -> Pose:
    """The pose with the gesture's channels blended in from `start` to `end`."""
    changed = dict(pose)
    for channel in {name: None for _, values in gesture.keys for name in values}:
        points = [(moment, values[channel]) for moment, values in gesture.keys if channel in values]
        hold = [(gesture.start, 0), (points[0][0], 1), (max(points[-1][0], points[0][0] + 0.01), 1), (gesture.end, 0)]
        weight = ease(times, hold)
        changed[channel] = pose[channel] + weight * (ease(times, points) - pose[channel])
    return changed


def running(pose: Pose, distance: np.ndarray, pace: np.ndarray, phase: float) -> Pose:
    """Add a running gait in phase with `distance` (m); the amplitude grows with `pace` (m/s)."""
    swing = np.clip(pace / 5, 0, 1)
    run = dict(pose)
    for hand, half in (("l", 0.0), ("r", np.pi)):
        angle = 2 * np.pi * distance / STRIDE_M + phase + half
        run[f"hip_{hand}"] = swing * (10 + 42 * np.sin(angle))
        run[f"knee_{hand}"] = 12 + swing * (12 + 70 * np.maximum(np.cos(angle), 0))
        run[f"arm_{hand}"] = -swing * 42 * np.sin(angle)
        run[f"elbow_{hand}"] = 20 + 65 * swing
        run[f"armside_{hand}"] = np.full(len(distance), 9.0)
    run["bend"] = 4 + 9 * swing
    return run
