"""How a picture is to be shown: the eight ways to mirror and turn it, by the display matrix of its container.

Source: ISO/IEC 14496-12, 6.2.2 and 8.3.2: a stored point (x, y) is shown at (a x + c y, b x + d y).
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
    """What is done to the stored picture, in this order.

    transpose: rows become columns; mirror: left and right change places; flip: top and bottom do
    """

    transpose: bool = False
    mirror: bool = False
    flip: bool = False

    def stored_size(self, height: int, width: int) -> tuple[int, int]:
        """(height, width) to which the stored picture is scaled, so that it is shown as height x width."""
        return (width, height) if self.transpose else (height, width)

    def upright(self, frames: np.ndarray) -> np.ndarray:
        """(..., height, width, 3) as stored to the same as shown."""
        if self.transpose:
            frames = frames.swapaxes(-3, -2)
        if self.mirror:
            frames = frames[..., :, ::-1, :]
        if self.flip:
            frames = frames[..., ::-1, :, :]
        return np.ascontiguousarray(frames)


def orientation_of(frame: av.VideoFrame) -> Orientation:
    """By the frame's display matrix; an angle that is no quarter turn counts as the nearest one."""
    side_data = cast(SideDataContainer, frame.side_data)  # PyAV types it as one of those that are in it
    found = [bytes(data) for data in side_data if data.type == DISPLAY_MATRIX]
    return from_matrix(found[0]) if found else Orientation()


def from_matrix(matrix: bytes) -> Orientation:
    """matrix: nine 32-bit numbers of this machine's byte order: a b u, c d v, x y w"""
    a, b, _, c, d, *_ = struct.unpack("=9i", matrix)
    if abs(b) + abs(c) > abs(a) + abs(d):
        return Orientation(True, mirror=c < 0, flip=b < 0)
    return Orientation(False, mirror=a < 0, flip=d < 0)
