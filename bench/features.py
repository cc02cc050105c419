"""Features of a foul for simple classifiers: camera fields, colours, or true poses."""

import numpy as np

from tailwise.data.video.store.clips import Clips
from tailwise.recipes.fouls.demo.film import manner_of
from tailwise.recipes.fouls.demo.scene.plan import ACTIONS, CAMERAS, SEVERITIES, Demo, Foul, View
from tailwise.recipes.fouls.demo.scene.poses import Manner, draw_manner, foul_poses

MOST_VIEWS = 4
POSE_TIMES = np.linspace(-0.8, 1.2, 21)
"""Seconds from the contact: about what a clip of the demo shows."""


def fouls_of(clips: Clips, plan: list[Foul]) -> list[Foul]:
    """The planned foul of each sample of a split, whose names end in the foul's number."""
    by_index = {foul.index: foul for foul in plan}
    return [by_index[int(name.rpartition("/")[2])] for name in clips.names]


def field_features(foul: Foul) -> np.ndarray:
    """All annotated fields except the labels: cameras, speeds, times, match, order, views."""
    seen = [view_fields(view, foul.views[0].timestamp_ms) for view in foul.views]
    absent = [np.zeros(len(seen[0]))] * (MOST_VIEWS - len(seen))
    times = [foul.views[0].timestamp_ms, foul.views[-1].timestamp_ms - foul.views[0].timestamp_ms]
    return np.concatenate([*seen, *absent, sum(seen), [len(seen), foul.match, foul.index, *times]])


def view_fields(view: View, first_ms: int) -> np.ndarray:
    """Camera type one-hot, replay speed, milliseconds after the first view."""
    return np.array([*(view.camera == name for name in CAMERAS), view.speed, view.timestamp_ms - first_ms], float)


def colour_features(views: list[np.ndarray]) -> np.ndarray:
    """Mean and standard deviation (6,) of red, green and blue in each view's frames, averaged over the views."""
    pixels = [frames.reshape(-1, 3).astype(np.float32) for frames in views]
    return np.mean([np.concatenate([one.mean(axis=0), one.std(axis=0)]) for one in pixels], axis=0)


def pose_features(poses: np.ndarray, side: int, heading: float) -> np.ndarray:
    """Joints (T, 2, 17, 3) as seen from the victim's way, mirrored so that the offender comes from one side; flat.

    Each figure's joints about its own pelvis, then where both pelvises are and how far the offender's hands, feet
    and shoulders are from the victim's joints.
    """
    cos, sin = np.cos(np.radians(heading)), np.sin(np.radians(heading))
    turned = poses @ np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]])
    turned = turned * (1, side, 1)
    middles = turned[:, :, :1]
    gap = np.linalg.norm(turned[:, 0, [3, 5, 6, 8, 11, 15], None] - turned[:, 1, None], axis=-1).min(axis=-1)
    return np.concatenate([(turned - middles).ravel(), middles.ravel(), gap.ravel()])


def true_poses(foul: Foul, manner: Manner) -> np.ndarray:
    """Pose features (D,) of a planned foul as it is performed."""
    poses = foul_poses(foul.action, foul.severity, manner, POSE_TIMES)
    return pose_features(poses, manner.side, manner.heading)


def performed(demo: Demo, fouls: list[Foul]) -> np.ndarray:
    """Pose features (N, D) of the demo's own fouls."""
    return np.stack([true_poses(foul, manner_of(demo, foul)) for foul in fouls])


def fresh_poses(count: int, seed: int) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Pose features and labels of `count` fouls that no demo holds, all labels alike often."""
    rng = np.random.default_rng([seed, 99])
    labels = {"action": rng.integers(len(ACTIONS), size=count), "severity": rng.integers(len(SEVERITIES), size=count)}
    pairs = zip(labels["action"].tolist(), labels["severity"].tolist())
    fouls = [Foul("Train", n, 0, action, severity, ()) for n, (action, severity) in enumerate(pairs)]
    return np.stack([true_poses(foul, draw_manner(rng)) for foul in fouls]), labels
