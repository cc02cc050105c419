"""Film strips: every frame at its place."""

import base64
import io

import numpy as np
from PIL import Image

from tailwise.data.video.strips import GAP, HEIGHT, MOST_FRAMES, strip


def test_frames_stand_side_by_side_in_order():
    frames = np.zeros((3, 8, 16, 3), np.uint8)
    for nth, frame in enumerate(frames):
        frame[:] = 40 + 80 * nth
    kind, _, data = strip(frames).partition(",")
    picture = np.asarray(Image.open(io.BytesIO(base64.b64decode(data))))
    assert kind == "data:image/jpeg;base64" and picture.shape == (8, 3 * 16 + 2 * GAP, 3)
    middles = [picture[4, nth * (16 + GAP) + 8].mean() for nth in range(3)]
    np.testing.assert_allclose(middles, [40, 120, 200], atol=4)


def test_a_long_clip_of_large_frames_is_a_small_strip():
    _, _, data = strip(np.zeros((100, 224, 400, 3), np.uint8)).partition(",")
    picture = Image.open(io.BytesIO(base64.b64decode(data)))
    assert picture.height == HEIGHT and picture.width == MOST_FRAMES * (400 * HEIGHT // 224 + GAP) - GAP
