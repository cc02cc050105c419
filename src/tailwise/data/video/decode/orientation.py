"""Display orientation: the eight combinations of mirroring and rotation, from the container's display matrix.

Source: ISO/IEC 14496-12, 6.2.2 and 8.3.2: a stored point (x, y) is displayed at (a x + c y, b x + d y).
"""

import struct
from dataclasses import dataclass
from typing import cast

import av
import numpy as np
from av.sidedata.sidedata import SideDataContainer, Type

DISPLAY_MATRIX = Type.DISPLAYMATRIX


@dataclass(frozen=True)
class Orientation:
    """Operations on the stored picture, in this order.

    transpose: swap rows and columns; mirror: swap left and right; flip: swap top and bottom
    """

    transpose: bool = False
    mirror: bool = False
    flip: bool = False

    def stored_size(self, height: int, width: int) -> tuple[int, int]:
        """(height, width) of the stored picture that is displayed as height x width."""
        return (width, height) if self.transpose else (height, width)

    def upright(self, frames: np.ndarray) -> np.ndarray:
        """Stored frames (..., height, width, 3) to displayed ones."""
        if self.transpose:
            frames = frames.swapaxes(-3, -2)
        if self.mirror:
            frames = frames[..., :, ::-1, :]
        if self.flip:
            frames = frames[..., ::-1, :, :]
        return np.ascontiguousarray(frames)


def orientation_of(frame: av.VideoFrame) -> Orientation:
    """From the frame's display matrix; any angle is rounded to the nearest quarter turn."""
    side_data = cast(SideDataContainer, frame.side_data)  # PyAV types it as one of its items
    found = [bytes(data) for data in side_data if data.type == DISPLAY_MATRIX]
    return from_matrix(found[0]) if found else Orientation()


def from_matrix(matrix: bytes) -> Orientation:
    """matrix: nine 32-bit numbers in native byte order: a b u, c d v, x y w"""
    a, b, _, c, d, *_ = struct.unpack("=9i", matrix)
    if abs(b) + abs(c) > abs(a) + abs(d):
        return Orientation(True, mirror=c < 0, flip=b < 0)
    return Orientation(False, mirror=a < 0, flip=d < 0)
