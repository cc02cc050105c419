import base64
import io

import numpy as np
from PIL import Image

from tailwise.reporting.overlay import COLOUR, STRONGEST, overlay


def pixels(uri):
    kind, data = uri.split(",")
    assert kind == "data:image/png;base64"
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(data))).convert("RGBA"))


def test_heat_lies_where_the_frames_are():
    heat = np.array([[[0.0, 1.0]], [[4.0, -3.0]]])
    made = pixels(overlay(heat, 4, 6, gap=2))
    assert made.shape == (4, 6 + 2 + 6, 4) and (made[..., :3] == COLOUR).all()
    opacity = made[..., 3]
    assert (opacity == opacity[0]).all()
    assert opacity[0].tolist() == [0] * 3 + [STRONGEST // 2] * 3 + [0] * 2 + [STRONGEST] * 3 + [0] * 3


def test_no_heat_is_clear_and_the_same_bytes_each_time():
    assert not pixels(overlay(np.full((1, 2, 2), -1.0), 4, 4))[..., 3].any()
    rows = np.random.default_rng(1).normal(size=(2, 3, 5))
    assert overlay(rows, 30, 40, 2) == overlay(rows, 30, 40, 2)
