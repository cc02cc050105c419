"""Cameras: placement, panning and projection."""

from dataclasses import dataclass

import numpy as np

from tailwise.recipes.fouls.demo.scene.plan import Demo, View

FIGURE_M, EYE_M = 1.8, 0.85


@dataclass(frozen=True)
class Camera:
    """A camera aimed at the point of contact, which shifts its picture to follow the figures.

    azimuth, elevation: radians. distance: metres. focal: pixels. centre: where the place of contact is in the
    unshifted picture, pixels. contact: the frame of contact. speed: slow-down of the replay.
    """

    azimuth: float
    elevation: float
    distance: float
    focal: float
    centre: tuple[float, float]
    contact: int
    speed: float


def place_camera(demo: Demo, view: View, azimuth: float, rng: np.random.Generator) -> Camera:
    """A camera at `azimuth` radians; a standing figure fills 0.42 to 0.6 of the picture's height."""
    main = view.camera.startswith("Main")
    elevation = np.radians(rng.uniform(10, 24) if main else rng.uniform(3, 12))
    fill = rng.uniform(0.42, 0.50) if main else rng.uniform(0.46, 0.60)
    distance = rng.uniform(35, 60) if main else rng.uniform(14, 28)
    focal = fill * demo.height * distance / (FIGURE_M * np.cos(elevation))
    centre = demo.width * (0.5 + rng.uniform(-0.05, 0.05)), demo.height * (0.54 + rng.uniform(-0.04, 0.04))
    late = int(np.clip(demo.contact + rng.integers(-2, 3), 1, demo.frames - 2))
    return Camera(azimuth, float(elevation), float(distance), float(focal), centre, late, view.speed)


def frame_times(camera: Camera, frames: int, fps: int) -> np.ndarray:
    """Seconds from the contact at which each frame was taken (frames,)."""
    return (np.arange(frames) - camera.contact) / (fps * camera.speed)


def axes(camera: Camera) -> np.ndarray:
    """Rows: the camera's right, up and viewing direction in the world."""
    cos, sin = np.cos(camera.azimuth), np.sin(camera.azimuth)
    low, high = np.cos(camera.elevation), np.sin(camera.elevation)
    return np.array([[-sin, cos, 0], [-high * cos, -high * sin, low], [-low * cos, -low * sin, -high]])


def project(camera: Camera, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pixels (..., 2) of the unshifted picture, and pixels per metre (...), of world points (..., 3)."""
    seen = (points - (0, 0, EYE_M)) @ axes(camera).T
    scale = camera.focal / (camera.distance + seen[..., 2])
    return np.stack([camera.centre[0] + scale * seen[..., 0], camera.centre[1] - scale * seen[..., 1]], axis=-1), scale


def pan(camera: Camera, middles: np.ndarray, frames_wide: float) -> np.ndarray:
    """Even pixels (T, 2) by which the picture is shifted to keep the figures' `middles` (T, 2) in it, smoothly.

    A shift of the picture, unlike a turn of the camera, leaves the background as it is: one picture serves the clip.
    """
    width = max(1, int(frames_wide))
    padded = np.pad(middles - camera.centre, ((width, width), (0, 0)), mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * width + 1, axis=0)
    return 2 * np.round(windows.mean(axis=-1) / 2).astype(int)
