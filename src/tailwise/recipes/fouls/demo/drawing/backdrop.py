"""The background of a clip: striped grass, a line, hoardings, a crowd. One picture for all frames."""

from dataclasses import dataclass

import numpy as np
from PIL import Image

from tailwise.recipes.fouls.demo.drawing.cameras import EYE_M, Camera
from tailwise.recipes.fouls.demo.drawing.canvas import FINE
from tailwise.recipes.fouls.demo.drawing.colours import Colour, hsv, shade
from tailwise.recipes.fouls.demo.scene.plan import Demo

CROWD_BLOCK_PX, HOARDING_M = 3, 0.9


@dataclass(frozen=True)
class Ground:
    """A match's stadium: grass tones, stripe width (m) and direction (radians), crowd and hoarding tones."""

    grass: tuple[Colour, Colour]
    line: Colour
    stripe_m: float
    direction: float
    crowd: Colour
    hoarding: Colour


def draw_ground(rng: np.random.Generator) -> Ground:
    """Draw a stadium from the match's random stream."""
    light = hsv(rng.uniform(0.26, 0.36), rng.uniform(0.5, 0.75), rng.uniform(0.45, 0.65))
    return Ground(
        (light, shade(light, rng.uniform(0.78, 0.9))),
        hsv(0, 0, 0.85),
        float(rng.uniform(2, 5)),
        float(rng.uniform(0, np.pi)),
        hsv(rng.random(), rng.uniform(0.1, 0.5), rng.uniform(0.3, 0.6)),
        hsv(rng.random(), 0.6, rng.uniform(0.3, 0.8)),
    )


def backdrop(
    demo: Demo, camera: Camera, ground: Ground, margin: tuple[int, int], rng: np.random.Generator
) -> Image.Image:
    """The picture in Y, Cb, Cr, FINE times enlarged; `margin` pixels (x, y) larger than a frame on all sides."""
    columns = np.arange(-margin[0], demo.width + margin[0]) - camera.centre[0]
    rows = np.arange(-margin[1], demo.height + margin[1]) - camera.centre[1]
    pitch = paint_pitch(camera, ground, columns, rows, rng)
    edge_m = camera.distance + rng.uniform(9, 22)
    edge = min(round(row_of(camera, edge_m)) + margin[1], len(rows))
    if edge > 0:
        pitch[:edge] = paint_crowd(ground, edge, len(columns), rng)
        high = max(2, round(HOARDING_M * camera.focal / edge_m))
        pitch[max(edge - high, 0) : edge] = ground.hoarding
    return Image.fromarray(pitch.astype(np.uint8)).resize(
        (len(columns) * FINE, len(rows) * FINE), Image.Resampling.BILINEAR
    )


def row_of(camera: Camera, ground_m: float) -> float:
    """The picture's row of the ground `ground_m` metres from the camera's foot, along its viewing direction."""
    along = ground_m - camera.distance
    low, high = np.cos(camera.elevation), np.sin(camera.elevation)
    below, depth = EYE_M * low - along * high, camera.distance + along * low + EYE_M * high
    return camera.centre[1] + camera.focal * below / depth


def paint_pitch(
    camera: Camera, ground: Ground, columns: np.ndarray, rows: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Grass and one white line (rows, columns, 3), by projecting each pixel onto the ground."""
    x, y = meet_ground(camera, columns, rows)
    across = x * np.cos(ground.direction) + y * np.sin(ground.direction)
    dark = np.floor(across / ground.stripe_m + rng.uniform(0, 2)).astype(int) % 2
    pitch = np.array(ground.grass)[dark]
    where = x * np.sin(ground.direction) - y * np.cos(ground.direction) + rng.uniform(-6, 6)
    pitch[np.abs(where) < 0.08] = ground.line
    return pitch


def meet_ground(camera: Camera, columns: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """World x and y (rows, columns), metres, of the ground behind each pixel; far away above the horizon."""
    low, high = np.cos(camera.elevation), np.sin(camera.elevation)
    down = np.maximum(high + rows / camera.focal * low, 1e-3)
    depth = (camera.distance * high + EYE_M) / down
    along = depth * (low - rows / camera.focal * high) - camera.distance * low
    right = depth[:, None] * columns / camera.focal
    cos, sin = np.cos(camera.azimuth), np.sin(camera.azimuth)
    return -along[:, None] * cos - right * sin, -along[:, None] * sin + right * cos


def paint_crowd(ground: Ground, height: int, width: int, rng: np.random.Generator) -> np.ndarray:
    """Blocks of mixed tones (height, width, 3)."""
    block = CROWD_BLOCK_PX
    shape = -(-height // block), -(-width // block)
    spread = rng.integers(-1, 2, (*shape, 3)) * (24, 12, 12)
    blocks = np.clip(np.array(ground.crowd) + spread, 20, 230)
    return blocks.repeat(block, axis=0).repeat(block, axis=1)[:height, :width]
