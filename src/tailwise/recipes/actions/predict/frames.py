"""Frames of single clips, decoded as the pipeline decodes them, so that a faulty clip costs itself alone."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from tailwise.core.system.guarded import map_guarded
from tailwise.data.raw import RawFile
from tailwise.data.video.decode.container import ClipError
from tailwise.data.video.decode.frames import decode_clip
from tailwise.data.video.decode.spread import Spread

TIMEOUT_S = 60.0
"""What a clip may take before it is given up."""


@dataclass(frozen=True)
class _Work:
    """A clip. lost: why its decoder's process ended, "" if it did not"""

    root: Path
    path: str
    lost: str = ""

    def without(self, clip: str, reason: str) -> "_Work":
        return replace(self, lost=f"decoder {reason}")


def decode_each(
    root: Path, paths: Sequence[str], cut: Spread, workers: int = 1
) -> Iterator[tuple[int, np.ndarray | str]]:
    """(place, frames (T, H, W, 3) uint8, or why there are none) of each clip, as they are done. paths: below root"""
    work = [_Work(root, path) for path in paths]
    yield from map_guarded(partial(_decode, cut=cut), work, workers, TIMEOUT_S, _Work.without)


def _decode(work: _Work, report: Callable[[str], None], cut: Spread) -> np.ndarray | str:
    if work.lost:
        return work.lost
    report(work.path)
    try:
        return decode_clip(RawFile(work.root, work.path), cut)[0]
    except ClipError as reason:
        return str(reason)
