"""Supersampled painting, averaged down to the planes of yuv420p."""

import numpy as np
from PIL import Image

FINE = 2
"""Supersampling factor, for antialiasing."""
GRID = 2 * FINE
"""Canvas pixels per chroma pixel: boxes and shifts are multiples of it."""
Box = tuple[int, int, int, int]
Planes = tuple[np.ndarray, np.ndarray, np.ndarray]


def average(canvas: Image.Image) -> Planes:
    """Y (height, width), Cb and Cr (height / 2, width / 2) of a canvas FINE times that size."""
    full = canvas.reduce(FINE)
    colour = np.asarray(full.reduce(2))
    return np.asarray(full)[..., 0], colour[..., 1], colour[..., 2]


def planes_of(frame: np.ndarray) -> Planes:
    """Views of the three planes of a planar frame (height * 3 / 2, width)."""
    height, width = frame.shape[0] * 2 // 3, frame.shape[1]
    flat, luma, chroma = frame.reshape(-1), height * width, height * width // 4
    return (
        flat[:luma].reshape(height, width),
        flat[luma : luma + chroma].reshape(height // 2, width // 2),
        flat[luma + chroma :].reshape(height // 2, width // 2),
    )


def show(frame: np.ndarray, picture: Planes, left: int, top: int) -> None:
    """Copy the part of the picture that begins at (left, top), both even, into a planar frame."""
    for part, (seen, whole) in enumerate(zip(planes_of(frame), picture)):
        half = 2 if part else 1
        rows, columns = seen.shape
        seen[:] = whole[top // half : top // half + rows, left // half : left // half + columns]


def patch(frame: np.ndarray, canvas: Image.Image, box: Box) -> None:
    """Average the canvas, which covers `box` of the enlarged frame, and copy it into the frame."""
    for part, (seen, drawn) in enumerate(zip(planes_of(frame), average(canvas))):
        scale = GRID if part else FINE
        left, top, right, bottom = (edge // scale for edge in box)
        seen[top:bottom, left:right] = drawn


def box_around(spots: np.ndarray, pad: int, width: int, height: int) -> Box:
    """The part of a canvas that holds all `spots` (N, 2) with `pad` pixels around them, on the grid of colours.

    At least one pixel of colour, even if all spots are out of sight.
    """
    least, most = (spots.min(axis=0) - pad) // GRID * GRID, -(-(spots.max(axis=0) + pad) // GRID) * GRID
    left, top = np.clip(least, 0, (width - GRID, height - GRID)).tolist()
    right, bottom = np.clip(most, (left + GRID, top + GRID), (width, height)).tolist()
    return left, top, right, bottom
