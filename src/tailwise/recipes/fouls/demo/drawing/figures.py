"""Painting two figures and a ball over a picture, frame by frame."""

import numpy as np
from PIL import Image, ImageDraw

from tailwise.recipes.fouls.demo.drawing.cameras import Camera, project
from tailwise.recipes.fouls.demo.drawing.canvas import FINE, average, box_around, patch, show
from tailwise.recipes.fouls.demo.drawing.colours import Colour, Kit, hsv, shade
from tailwise.recipes.fouls.demo.scene.plan import Demo
from tailwise.recipes.fouls.demo.scene.skeleton import JOINT, JOINTS

EDGE = 2
ROOM_M = 0.25
"""Margin around the joints in metres, for limbs drawn around them."""
INK, WHITE, SHADOW = hsv(0.6, 0.3, 0.08), hsv(0, 0, 0.98), hsv(0.33, 0.7, 0.22)
FAR_LIGHT = 0.72
HEAD_M, BALL_M = 0.125, 0.12
LIMBS = (
    (("shoulder", "elbow", "hand"), (0.062, 0.052), ("sleeve", "skin")),
    (("hip", "knee", "ankle", "toe"), (0.088, 0.072, 0.055), ("shorts", "socks", "shoe")),
)
Part = tuple[float, str, list, tuple[int, ...], tuple[Colour, ...]]


def draw_frames(
    demo: Demo,
    camera: Camera,
    joints: np.ndarray,
    ball: np.ndarray,
    shift: np.ndarray,
    picture: Image.Image,
    kits: tuple[Kit, Kit],
) -> np.ndarray:
    """Planar yuv420p frames (T, height * 3 / 2, width) of joints (T, 2, 17, 3) and a ball (T, 3) in the world.

    `picture` is the background, FINE times enlarged and larger than a frame on all sides; `shift` (T, 2) is how many
    pixels, even, the frame is moved within it, right and down. Only the box around the figures is painted anew.
    """
    size = FINE * np.array([demo.width, demo.height])
    corners = FINE * shift + (np.array(picture.size) - size) // 2
    frames = np.empty((len(joints), demo.height * 3 // 2, demo.width), np.uint8)
    looks, still = [limbs_of(kit) for kit in kits], average(picture)
    points = np.concatenate([joints.reshape(len(joints), -1, 3), ball[:, None]], axis=1)
    spots, scales = on_canvas(camera, points, shift)
    shadows, _ = on_canvas(camera, joints * (1, 1, 0), shift)
    for frame, corner, spot, scale, shadow in zip(frames, corners, spots, scales, shadows):
        show(frame, still, *(corner // FINE).tolist())
        ground = shadow.reshape(-1, 2)
        box = box_around(np.concatenate([spot, ground]), round(ROOM_M * scale.max()), *size.tolist())
        canvas = picture.crop(tuple((np.array(box) + (*corner, *corner)).tolist()))
        draw_scene(canvas, spot - box[:2], scale, shadow - box[:2], looks, kits)
        patch(frame, canvas, box)
    return frames


def draw_scene(
    canvas: Image.Image, spots: np.ndarray, scales: np.ndarray, shadows: np.ndarray, looks: list, kits: tuple[Kit, Kit]
) -> None:
    """Paint both figures and the ball, the far parts first; `spots` (2 * 17 + 1, 2), `shadows` (2, 17, 2)."""
    brush = ImageDraw.Draw(canvas)
    parts = [ball_part(spots[-1], float(scales[-1]))]
    for figure, (limbs, kit) in enumerate(zip(looks, kits)):
        own = slice(figure * len(JOINTS), (figure + 1) * len(JOINTS))
        draw_shadow(brush, shadows[figure], float(scales[own.start]))
        parts += parts_of(spots[own], scales[own], limbs, kit)
    for part in sorted(parts, key=lambda part: part[0]):
        paint(brush, part)


def on_canvas(camera: Camera, points: np.ndarray, shift: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Whole canvas pixels (T, ..., 2) and canvas pixels per metre (T, ...) of world points (T, ..., 3)."""
    pixels, scale = project(camera, points)
    pixels -= shift.reshape(-1, *[1] * (pixels.ndim - 2), 2)
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
    parts = [
        (
            sum(near[joint] for joint in joints[:3]) / 3,
            "limb",
            [spots[joint] for joint in joints],
            tuple(round(2 * radius * scale) for radius in radii),
            tones,
        )
        for joints, radii, tones in limbs
    ]
    corners = [JOINT[name] for name in ("shoulder_l", "shoulder_r", "hip_r", "hip_l")]
    parts.append(
        (
            sum(near[joint] for joint in corners) / 4,
            "torso",
            [spots[joint] for joint in corners],
            (round(0.25 * scale),),
            (kit.shirt,),
        )
    )
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
        brush, spots, widths, tones
    )


def disc(brush: ImageDraw.ImageDraw, spot: tuple[int, int], radius: int, tone: Colour) -> None:
    x, y = spot
    brush.ellipse((x - radius, y - radius, x + radius, y + radius), fill=tone)


def paint_limb(brush: ImageDraw.ImageDraw, spots: list, widths: tuple[int, ...], tones: tuple[Colour, ...]) -> None:
    brush.line(spots, INK, widths[1] + 2 * EDGE)
    for start, end, width, tone in zip(spots, spots[1:], widths, tones):
        brush.line((start, end), tone, width)
    for spot, width, tone in zip(spots[1 :: len(spots) - 2], (widths[1], widths[-1]), (tones[1], tones[-1])):
        disc(brush, spot, width // 2, tone)


def paint_torso(brush: ImageDraw.ImageDraw, spots: list, widths: tuple[int, ...], tones: tuple[Colour, ...]) -> None:
    """A quadrilateral about a thick spine, so that it has a width from the side too, with round shoulders."""
    (left, right), (low_right, low_left) = spots[:2], spots[2:]
    spine = [((one[0] + two[0]) // 2, (one[1] + two[1]) // 2) for one, two in ((left, right), (low_left, low_right))]
    for tone, edge in ((INK, EDGE), (tones[0], 0)):
        brush.line(spine, tone, widths[0] + 2 * edge)
        brush.polygon(spots, tone, tone, 1 + 2 * edge)
    for spot in (left, right):
        disc(brush, spot, widths[0] // 4, tones[0])


def paint_head(brush: ImageDraw.ImageDraw, spots: list, widths: tuple[int, ...], tones: tuple[Colour, ...]) -> None:
    (x, y), (neck_x, neck_y) = spots
    radius = widths[0]
    disc(brush, (x, y), radius + EDGE, INK)
    disc(brush, (x, y), radius, tones[1])
    disc(brush, (x + (neck_x - x) // 6, y + (neck_y - y) // 6), radius * 3 // 4, tones[0])


def paint_ball(brush: ImageDraw.ImageDraw, spots: list, widths: tuple[int, ...], tones: tuple[Colour, ...]) -> None:
    disc(brush, spots[0], widths[0] + 1, INK)
    disc(brush, spots[0], widths[0], tones[0])
