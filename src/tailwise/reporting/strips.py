"""Film strips: the frames of a view side by side, as a picture inside a page."""

import base64
import io

import numpy as np
from PIL import Image

GAP = 2
QUALITY = 80


def strip(frames: np.ndarray) -> str:
    """Frames (T, H, W, 3) uint8 as one JPEG in a data URI, with thin gaps between them."""
    t, height, width, _ = frames.shape
    picture = np.full((height, t * (width + GAP) - GAP, 3), 255, np.uint8)
    for nth, frame in enumerate(frames):
        left = nth * (width + GAP)
        picture[:, left : left + width] = frame
    data = io.BytesIO()
    Image.fromarray(picture).save(data, "JPEG", quality=QUALITY)
    return "data:image/jpeg;base64," + base64.b64encode(data.getvalue()).decode()
