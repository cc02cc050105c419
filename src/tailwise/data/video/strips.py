"""Film strips: the frames of a view side by side, as an image embedded in the report."""

import base64
import io

import numpy as np
from PIL import Image

GAP = 2
QUALITY = 80
MOST_FRAMES, HEIGHT = 16, 64
"""Limits of a strip: frames, and height in pixels."""


def strip(frames: np.ndarray) -> str:
    """Frames (T, H, W, 3) uint8 as one JPEG in a data URI, with thin gaps between them.

    Takes at most MOST_FRAMES, evenly spaced, and scales larger ones down to HEIGHT.
    """
    frames = np.stack([small(frames[i]) for i in spaced(len(frames))])
    t, height, width, _ = frames.shape
    picture = np.full((height, t * (width + GAP) - GAP, 3), 255, np.uint8)
    for nth, frame in enumerate(frames):
        left = nth * (width + GAP)
        picture[:, left : left + width] = frame
    data = io.BytesIO()
    Image.fromarray(picture).save(data, "JPEG", quality=QUALITY)
    return "data:image/jpeg;base64," + base64.b64encode(data.getvalue()).decode()


def spaced(count: int) -> list[int]:
    """Up to MOST_FRAMES evenly spaced indices below `count`, first and last included."""
    return np.linspace(0, count - 1, min(count, MOST_FRAMES)).round().astype(int).tolist()


def small(frame: np.ndarray) -> np.ndarray:
    height, width, _ = frame.shape
    if height <= HEIGHT:
        return frame
    return np.asarray(
        Image.fromarray(frame).resize((max(1, width * HEIGHT // height), HEIGHT), Image.Resampling.BILINEAR)
    )
