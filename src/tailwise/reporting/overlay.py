"""Heat that is laid over a picture in the report: a transparent picture of its size, strongest where it is most."""

import base64
import io

import numpy as np
from PIL import Image

COLOUR = (255, 0, 200)
STRONGEST, LEVELS = 220, 12
"""Opacity of the largest value, of 255, and the steps to it: few, so that the picture is small."""


def overlay(heat: np.ndarray, height: int, width: int, gap: int = 0) -> str:
    """heat (T, rows, columns) as a PNG in a data URI: T frames of height x width side by side, with gaps between them.

    Opacity goes in LEVELS steps from 0, where heat is 0 or less, to STRONGEST at the largest value of all frames, by
    the square root of the heat: of few strong cells and many weak ones, both are seen.
    """
    most = float(heat.max(initial=0.0))
    share = np.clip(heat / most, 0, 1) if most > 0 else np.zeros(heat.shape)
    level = np.round(np.sqrt(share) * LEVELS).astype(np.uint8)
    frames, rows, columns = level.shape
    large = level[:, np.arange(height) * rows // height][:, :, np.arange(width) * columns // width]
    picture = np.zeros((height, frames * (width + gap) - gap), np.uint8)
    for nth, frame in enumerate(large):
        picture[:, nth * (width + gap) : nth * (width + gap) + width] = frame
    made = Image.fromarray(picture, "P")
    made.putpalette(COLOUR * (LEVELS + 1))
    data = io.BytesIO()
    opacity = bytes(round(STRONGEST * each / LEVELS) for each in range(LEVELS + 1))
    made.save(data, "PNG", transparency=opacity, optimize=True)
    return "data:image/png;base64," + base64.b64encode(data.getvalue()).decode()
