"""Read a clip's properties and timestamps without decoding it."""

from dataclasses import dataclass
from typing import NamedTuple, cast

import av
import av.container
import av.logging
import av.stream

from tailwise.data.raw import RawFile
from tailwise.data.video.decode.container import ClipError, open_clip, packets_of
from tailwise.data.video.decode.decoder_log import pyav_log, tells_loss

Stamps = list[int | None]
"""Display time of each packet's picture, in decoding order and in units of the stream's time base; None if the
container does not give it."""

MATROSKA = "matroska,webm"
"""FFmpeg's name of both."""
SLACK = 1.5
"""Frames by which a file may end before its header says: the last one may be shown longer."""
UNTIMED = ("avi",)
"""Containers without display times: FFmpeg derives them from the decoding order."""


def known_times(stamps: Stamps) -> list[int] | None:
    """The timestamps if the container gives all of them; else None."""
    times = [stamp for stamp in stamps if stamp is not None]
    return times if len(times) == len(stamps) else None


@dataclass(frozen=True)
class Facts:
    """width, height: as stored; rate: frames per second; frames: number of displayed frames; seconds: their duration

    cut: the file ends before the last frame of its own frame table, or before the duration in its header
    ticks: units of the time base per second
    """

    codec: str
    pixels: str
    width: int
    height: int
    rate: float
    frames: int
    seconds: float
    key_frames: int
    cut: bool
    ticks: float


class Entry(NamedTuple):
    """A packet without its content. is_discard: an edit list hides the picture"""

    pts: int | None
    is_keyframe: bool
    is_discard: bool


def probe(clip: RawFile) -> Facts:
    """Read a clip's tables, not its frames; raises ClipError."""
    return examine(clip)[0]


def examine(clip: RawFile) -> tuple[Facts, Stamps]:
    """A clip's properties, and the timestamps of its displayed pictures; raises ClipError."""
    with pyav_log(av.logging.DEBUG) as lines, open_clip(clip) as container:
        stream = video_stream(container)
        found = (packet for packet in packets_of(container, stream) if packet.size)
        packets = [Entry(packet.pts, packet.is_keyframe, packet.is_discard) for packet in found]
        if tells_loss(lines):
            raise ClipError("damaged: packets of the transport stream are missing")
        timed = container.format.name not in UNTIMED
        stamps = [packet.pts if timed else None for packet in packets if not packet.is_discard]
        return _facts(container, stream, packets), stamps


def _facts(container: av.container.InputContainer, stream: av.VideoStream, packets: list[Entry]) -> Facts:
    table = list(stream.index_entries)
    listed = len(table) > 1 and len(table) == stream.frames
    shown = [entry for entry in (table if listed else packets) if not entry.is_discard]
    context, rate = stream.codec_context, float(stream.average_rate or stream.guessed_rate or 0)
    return Facts(
        codec=context.name,
        pixels=context.pix_fmt or "",
        width=context.width,
        height=context.height,
        rate=round(rate, 3),
        frames=len(shown),
        seconds=round(len(shown) / rate, 3) if rate else 0.0,
        key_frames=sum(entry.is_keyframe for entry in shown),
        cut=(listed and max(entry.pos + entry.size for entry in table) > container.size)
        or (not listed and _ends_early(container, stream, packets)),
        ticks=round(float(1 / (stream.time_base or 1)), 3),
    )


def _ends_early(container: av.container.InputContainer, stream: av.VideoStream, packets: list[Entry]) -> bool:
    """Whether a WebM or Matroska file has fewer seconds of pictures than its header says.

    Such a file has no table of its frames. A file with sound may end with that.
    """
    times = [packet.pts for packet in packets if packet.pts is not None]
    alone = len(container.streams) == 1 and container.format.name == MATROSKA
    if not alone or not container.duration or not stream.time_base or len(times) < 2:
        return False
    frame = float((max(times) - min(times)) * stream.time_base) / (len(times) - 1)
    end = float(max(times) * stream.time_base) + frame
    return container.duration / av.time_base - end > SLACK * frame


def video_stream(container: av.container.InputContainer) -> av.VideoStream:
    """The video stream that players select; raises ClipError if there is none. Cover pictures do not count."""
    stream = cast(av.VideoStream | None, container.streams.best("video"))
    if stream is None or stream.disposition & av.stream.Disposition.attached_pic:
        raise ClipError("audio only" if container.streams.audio else "no video stream")
    if stream.codec_context is None:
        raise ClipError("unreadable format: a codec that FFmpeg does not know, or encrypted")
    return stream
