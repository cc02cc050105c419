"""The views of fouls, decoded as the pipeline decodes them, so that a faulty clip costs itself alone."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np

from tailwise.core.system.guarded import map_guarded
from tailwise.data.raw import RawFile
from tailwise.data.video.decode.container import ClipError
from tailwise.data.video.decode.frames import decode_clip
from tailwise.data.video.decode.probe import probe
from tailwise.data.video.decode.window import Short, Window
from tailwise.recipes.fouls.predict.fouls import Foul

TIMEOUT_S = 60.0
"""What a clip may take before it is given up."""


@dataclass(frozen=True)
class Views:
    """What a foul's clips gave. frames: {clip: (frames, height, width, 3) uint8}; faults: {clip: reason}"""

    foul: Foul
    frames: dict[str, np.ndarray]
    faults: dict[str, str]


@dataclass(frozen=True)
class _Work:
    """A foul, and the clips of it that took their decoder's process along."""

    foul: Foul
    lost: dict[str, str] = field(default_factory=dict)

    def without(self, clip: str, reason: str) -> "_Work":
        return replace(self, lost={**self.lost, clip: f"decoder {reason}"})


def decode_fouls(
    fouls: Sequence[Foul],
    window: Window,
    workers: int,
    short: Short = "refuse",
    seen: Callable[[], object] = lambda: None,
) -> Iterator[tuple[int, Views]]:
    """(index of the foul, its views) as they are done. seen: called as each clip begins"""
    work = partial(_decode_foul, window=window, short=short)
    yield from map_guarded(work, map(_Work, fouls), workers, TIMEOUT_S, _Work.without, seen)


def check_clips(foul: Foul) -> dict[str, str]:
    """{clip: why it cannot be used}, from its container alone, without decoding; in another process, as above."""
    ((_, faults),) = map_guarded(_probe_foul, [_Work(foul)], 1, TIMEOUT_S, _Work.without)
    return faults


def _probe_foul(work: _Work, report: Callable[[str], None]) -> dict[str, str]:
    faults = dict(work.lost)
    for clip in work.foul.clips:
        if clip in work.lost:
            continue
        report(clip)
        try:
            probe(RawFile(work.foul.root, clip))
        except ClipError as reason:
            faults[clip] = str(reason)
    return faults


def _decode_foul(work: _Work, report: Callable[[str], None], window: Window, short: Short) -> Views:
    frames, faults = {}, dict(work.lost)
    for clip in work.foul.clips:
        if clip in work.lost:
            continue
        report(clip)
        try:
            frames[clip], _ = decode_clip(RawFile(work.foul.root, clip), window, short)
        except ClipError as reason:
            faults[clip] = str(reason)
    return Views(work.foul, frames, faults)
