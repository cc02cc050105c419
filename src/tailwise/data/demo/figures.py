"""Painting two figures and a ball over a picture, frame by frame."""

import numpy as np
from PIL import Image, ImageDraw

from .cameras import Camera, project
from .colours import Colour, Kit, hsv, shade
from .plan import Demo
from .skeleton import JOINT

FINE = 2
"""Everything is painted this many times larger and then averaged, which smooths the edges."""
EDGE = 2
INK, WHITE, SHADOW = hsv(0.6, 0.3, 0.08), hsv(0, 0, 0.98), hsv(0.33, 0.7, 0.22)
FAR_LIGHT = 0.72
HEAD_M, BALL_M = 0.125, 0.14
LIMBS = (("shoulder", "elbow", "hand"), (0.062, 0.05), ("sleeve", "skin")), \
        (("hip", "knee", "ankle", "toe"), (0.088, 0.068, 0.05), ("shorts", "socks", "shoe"))
Part = tuple[float, str, list, tuple[int, ...], tuple[Colour, ...]]


def draw_frames(demo: Demo, camera: Camera, joints: np.ndarray, ball: np.ndarray, shift: np.ndarray,
                picture: Image.Image, kits: tuple[Kit, Kit]) -> np.ndarray:
    """Planar yuv420p frames (T, height * 3 / 2, width) of joints (T, 2, 17, 3) and a ball (T, 3) in the world.

    `picture` is the background, FINE times enlarged and wider than a frame on both sides; `shift` (T,) is how many
    pixels the frame is moved within it.
    """
    margin = (picture.width // FINE - demo.width) // 2
    looks = [limbs_of(kit) for kit in kits]
    frames = np.empty((len(joints), demo.height * 3 // 2, demo.width), np.uint8)
    pixels, scales = on_canvas(camera, joints, shift)
    shadows, _ = on_canvas(camera, joints * (1, 1, 0), shift)
    balls, ball_scales = on_canvas(camera, ball, shift)
    for number, moved in enumerate(shift.tolist()):
        left = (margin + moved) * FINE
        canvas = picture.crop((left, 0, left + demo.width * FINE, demo.height * FINE))
        brush = ImageDraw.Draw(canvas)
        for figure in range(2):
            draw_shadow(brush, shadows[number, figure], float(scales[number, figure, 0]))
        parts = [part for figure in range(2)
                 for part in parts_of(pixels[number, figure], scales[number, figure], looks[figure], kits[figure])]
        parts.append(ball_part(balls[number], float(ball_scales[number])))
        for part in sorted(parts, key=lambda part: part[0]):
            paint(brush, part)
        frames[number] = planes(canvas)
    return frames


def on_canvas(camera: Camera, points: np.ndarray, shift: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Whole canvas pixels (T, ..., 2) and canvas pixels per metre (T, ...) of world points (T, ..., 3)."""
    pixels, scale = project(camera, points)
    pixels[..., 0] -= shift.reshape(-1, *[1] * (pixels.ndim - 2))
    return np.round(pixels * FINE).astype(int), scale * FINE


def limbs_of(kit: Kit) -> list[tuple[list[int], tuple[float, ...], tuple[Colour, ...]]]:
    """Joints, radii (m) and colours of the four limbs; the right ones in less light, to tell them apart."""
    limbs = []
    for names, radii, colours in LIMBS:
        for hand, light in (("l", 1.0), ("r", FAR_LIGHT)):
            tones = tuple(shade(getattr(kit, colour), light) for colour in colours)
            limbs.append(([JOINT[f"{name}_{hand}"] for name in names], radii, tones))
    return limbs


def parts_of(pixels: np.ndarray, scales: np.ndarray, limbs: list, kit: Kit) -> list[Part]:
    """A figure's six parts, each with its nearness: pixels per metre."""
    spots, near = list(map(tuple, pixels.tolist())), scales.tolist()
    scale = near[JOINT["pelvis"]]
    parts = [(sum(near[joint] for joint in joints[:3]) / 3, "limb", [spots[joint] for joint in joints],
              tuple(round(2 * radius * scale) for radius in radii), tones) for joints, radii, tones in limbs]
    corners = [JOINT[name] for name in ("shoulder_l", "shoulder_r", "hip_r", "hip_l")]
    parts.append((sum(near[joint] for joint in corners) / 4, "torso", [spots[joint] for joint in corners],
                  (round(0.12 * scale),), (kit.shirt,)))
    head, neck = JOINT["head"], JOINT["neck"]
    parts.append((near[head], "head", [spots[head], spots[neck]], (round(HEAD_M * scale),), (kit.skin, kit.hair)))
    return parts


def ball_part(spot: np.ndarray, scale: float) -> Part:
    return scale, "ball", [tuple(spot.tolist())], (max(round(BALL_M * scale), 2),), (WHITE,)


def draw_shadow(brush: ImageDraw.ImageDraw, spots: np.ndarray, scale: float) -> None:
    (left, top), (right, bottom) = spots.min(axis=0).tolist(), spots.max(axis=0).tolist()
    pad, flat = round(0.10 * scale), round(0.03 * scale)
    brush.ellipse((left - pad, top - flat, right + pad, bottom + flat), fill=SHADOW)


def paint(brush: ImageDraw.ImageDraw, part: Part) -> None:
    _, kind, spots, widths, tones = part
    {"limb": paint_limb, "torso": paint_torso, "head": paint_head, "ball": paint_ball}[kind](
        brush, spots, widths, tones)


def disc(brush: ImageDraw.ImageDraw, spot: tuple[int, int], radius: int, tone: Colour) -> None:
    x, y = spot
    brush.ellipse((x - radius, y - radius, x + radius, y + radius), fill=tone)


def paint_limb(brush: ImageDraw.ImageDraw, spots: list, widths: tuple[int, ...], tones: tuple[Colour, ...]) -> None:
    for start, end, width in zip(spots, spots[1:], widths):
        brush.line((start, end), INK, width + 2 * EDGE)
        disc(brush, end, width // 2 + EDGE, INK)
    for start, end, width, tone in zip(spots, spots[1:], widths, tones):
        brush.line((start, end), tone, width)
        disc(brush, end, width // 2, tone)


def paint_torso(brush: ImageDraw.ImageDraw, spots: list, widths: tuple[int, ...], tones: tuple[Colour, ...]) -> None:
    ring = [*spots, spots[0], spots[1]]
    brush.line(ring, INK, widths[0] + 2 * EDGE, joint="curve")
    brush.polygon(spots, tones[0])
    brush.line(ring, tones[0], widths[0], joint="curve")


def paint_head(brush: ImageDraw.ImageDraw, spots: list, widths: tuple[int, ...], tones: tuple[Colour, ...]) -> None:
    (x, y), (neck_x, neck_y) = spots
    radius = widths[0]
    brush.line(spots, tones[0], radius)
    disc(brush, (x, y), radius + EDGE, INK)
    disc(brush, (x, y), radius, tones[1])
    disc(brush, (x + (neck_x - x) // 6, y + (neck_y - y) // 6), radius * 3 // 4, tones[0])


def paint_ball(brush: ImageDraw.ImageDraw, spots: list, widths: tuple[int, ...], tones: tuple[Colour, ...]) -> None:
    disc(brush, spots[0], widths[0] + 1, INK)
    disc(brush, spots[0], widths[0], tones[0])


def planes(canvas: Image.Image) -> np.ndarray:
    """Planar yuv420p (height * 3 / 2, width) of a FINE times enlarged Y, Cb, Cr canvas."""
    full = canvas.reduce(FINE)
    half = np.asarray(full.reduce(2))
    flat = [np.asarray(full)[..., 0], half[..., 1], half[..., 2]]
    return np.concatenate([plane.ravel() for plane in flat]).reshape(-1, full.width)
