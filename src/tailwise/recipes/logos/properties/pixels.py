"""Measures of a logo's pixels: colours, shapes, strokes, edges, gradients, and how much it looks like text.

All are of the picture without its margin. Ink is what differs from the colour of its corners.
"""

import numpy as np
from PIL import Image
from scipy import ndimage

SIDE = 128
"""Pixels of the longer side at which a logo is measured."""
INK = 30
"""Levels by which a pixel differs from the background in a channel."""
COMMON = 0.015
"""Share of the ink that a colour needs to count."""
SHARP = 24.0
"""Levels from pixel to pixel above which there is an edge."""
FAR, GENTLE = 4, (2.0, 60.0)
"""Pixels, and the levels between which colours change over them in a gradient."""
SMALL = 0.002
"""Share of the picture below which a part is a speck."""

MEASURES = (
    *("colours", "colour_entropy", "dominant", "saturation", "ink", "edges"),
    *("gradient", "gradient_area", "calm", "shades"),
    *("parts", "part_height_spread", "part_alignment", "line_share", "stroke", "stroke_spread"),
    *("crossings_across", "crossings_down", "holes", "aspect"),
)
"""Names of the measures, in the order of `measure`."""


def measure(pixels: np.ndarray) -> np.ndarray:
    """(len(MEASURES),) float64 of a picture (H, W, 3) uint8 on its background."""
    ink, inside = find_ink(pixels)
    values = {
        **_colours(inside, ink),
        **_changes(inside, ink),
        **_parts(ink),
        **_strokes(ink),
        "ink": float(ink.mean()),
        "aspect": float(np.log2(ink.shape[1] / ink.shape[0])),
    }
    return np.array([values[name] for name in MEASURES])


def find_ink(pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where the ink is (H, W) bool, and the picture, both without the margin and resized to SIDE.

    A picture of its background alone counts as ink altogether.
    """
    levels = pixels.astype(np.int16)
    background = np.median(levels[[0, 0, -1, -1], [0, -1, 0, -1]], axis=0)
    rows, columns = np.nonzero((np.abs(levels - background) > INK).any(2))
    if len(rows):
        pixels = pixels[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    scale = SIDE / max(pixels.shape[:2])
    height, width = (max(4, round(side * scale)) for side in pixels.shape[:2])
    image = Image.fromarray(pixels).resize((width, height), Image.Resampling.BILINEAR)
    resized = np.asarray(image).astype(np.float64)
    ink = (np.abs(resized - background) > INK).any(2)
    return (ink if ink.any() else np.ones_like(ink)), resized


def _colours(image: np.ndarray, ink: np.ndarray) -> dict[str, float]:
    """Of flat ink, in cubes of 32 levels; shares below COMMON do not count."""
    inner = _shrunk(ink, 1)
    colours = image[inner if inner.sum() > 20 else ink]
    cubes = (colours // 32).astype(int) @ np.array([64, 8, 1])
    shares = np.bincount(cubes, minlength=512) / len(cubes)
    common = shares[shares > COMMON]
    saturation = (colours.max(1) - colours.min(1)).mean() / 255
    return {
        "colours": float(len(common)),
        "colour_entropy": float(-(common * np.log2(common)).sum()),
        "dominant": float(shares.max()),
        "saturation": float(saturation),
    }


def _changes(image: np.ndarray, ink: np.ndarray) -> dict[str, float]:
    """Edges of the whole, and gradients of the ink: colours that change a little over FAR pixels, in one direction.

    shades: entropy in bits of the colours within the ink, in cubes of 4 levels
    """
    steps = [np.abs(np.diff(image, axis=axis)).max(2) for axis in (0, 1)]
    inner = _shrunk(ink, 2)
    calm = inner & _shrunk(~_sharp(steps, ink.shape), 1)
    far = [_far(image, axis) for axis in (0, 1)]
    gentle = calm & ((far[0] > GENTLE[0]) | (far[1] > GENTLE[0])) & (np.maximum(*far) < GENTLE[1])
    steady = _shrunk(gentle, 1)
    area = max(int(inner.sum()), 1)
    cubes = (image[calm] // 4).astype(int) @ np.array([4096, 64, 1])
    shares = np.bincount(np.unique(cubes, return_inverse=True)[1]) / max(len(cubes), 1)
    return {
        "edges": float((steps[1] > SHARP).mean() + (steps[0] > SHARP).mean()),
        "gradient": float(gentle.sum() / area),
        "gradient_area": float(steady.sum() / area),
        "calm": float(calm.sum() / area),
        "shades": float(-(shares * np.log2(shares)).sum()),
    }


def _shrunk(mask: np.ndarray, pixels: int) -> np.ndarray:
    """A mask (H, W) bool without its rim."""
    return np.array(ndimage.binary_erosion(mask, iterations=pixels), bool)


def _sharp(steps: list[np.ndarray], shape: tuple[int, ...]) -> np.ndarray:
    """Where a picture has an edge."""
    found = np.zeros(shape, bool)
    found[:-1] |= steps[0] > SHARP
    found[:, :-1] |= steps[1] > SHARP
    return found


def _far(image: np.ndarray, axis: int) -> np.ndarray:
    """Largest change of a channel over FAR pixels along an axis, 0 at the end."""
    reach = min(FAR, image.shape[axis] - 1)
    near = np.take(image, range(image.shape[axis] - reach), axis)
    changes = np.abs(np.take(image, range(reach, image.shape[axis]), axis) - near).max(2)
    return np.pad(changes, [(0, reach) if place == axis else (0, 0) for place in (0, 1)])


def _parts(ink: np.ndarray) -> dict[str, float]:
    """Connected parts of the ink: how many, how alike in height, how far in lines; and their holes."""
    labels = np.asarray(ndimage.label(ink, np.ones((3, 3)))[0])  # pyright: ignore[reportIndexIssue]
    boxes = ndimage.find_objects(labels)
    areas = np.bincount(labels.ravel())[1:]
    kept = [box for box, area in zip(boxes, areas) if area > SMALL * ink.size]
    holes = int(ndimage.label(~ink)[1])  # pyright: ignore[reportIndexIssue, reportArgumentType]
    heights = np.array([box[0].stop - box[0].start for box in kept]) if kept else np.ones(1)
    bottoms = np.array([box[0].stop for box in kept]) if kept else np.zeros(1)
    usual = float(np.median(heights))
    alike = np.abs(heights - usual) <= 0.15 * usual + 1
    line = [np.abs(bottoms[alike] - bottom) <= 0.1 * usual + 1 for bottom in bottoms[alike]]
    return {
        "parts": float(np.log2(1 + len(kept))),
        "part_height_spread": float(heights.std() / usual),
        "part_alignment": float(alike.mean()),
        "line_share": float(max((each.sum() for each in line), default=1) / len(heights)),
        "holes": float(np.log2(1 + holes)),
    }


def _strokes(ink: np.ndarray) -> dict[str, float]:
    """Width of lines against the picture's height, how much it differs, and how often rows and columns enter ink."""
    depth = np.asarray(ndimage.distance_transform_edt(np.pad(ink, 1)))[1:-1, 1:-1]
    ridge = depth[ink & (depth >= ndimage.maximum_filter(depth, 3))]
    entered = [np.diff(np.pad(ink, 1).astype(np.int8), axis=axis) > 0 for axis in (0, 1)]
    return {
        "stroke": float(np.log2(2 * ridge.mean() / min(ink.shape))),
        "stroke_spread": float(ridge.std() / ridge.mean()),
        "crossings_across": float(np.log2(1 + entered[1].sum(1).mean())),
        "crossings_down": float(np.log2(1 + entered[0].sum(0).mean())),
    }
