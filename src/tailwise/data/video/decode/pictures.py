"""Decode a clip's frames from the start, and track which of them damage may affect."""

import bisect
from collections.abc import Iterator
from typing import NamedTuple

import av
import av.error

from tailwise.data.raw import RawFile
from tailwise.data.video.decode.container import check_memory, open_clip, packets_of
from tailwise.data.video.decode.decoder_log import pyav_log, tells_damage
from tailwise.data.video.decode.packets import length_size, picture_in
from tailwise.data.video.decode.probe import Stamps, known_times, video_stream


class Shown(NamedTuple):
    """place: frame index in the clip, from 0; sound: no damage in the frame or in any frame it may refer to"""

    place: int
    frame: av.VideoFrame
    sound: bool


def shown_frames(clip: RawFile, stamps: Stamps) -> Iterator[Shown]:
    """Every frame that PyAV decodes, with one thread."""
    with pyav_log() as lines, open_clip(clip) as container:
        stream = video_stream(container)
        stream.codec_context.thread_count = 1
        damage, places = Damage(stream, tells_damage(lines)), Places(stamps)
        for packet in packets_of(container, stream):
            frames = _decoded(packet)
            damage.note(packet, frames is None or packet.is_corrupt or tells_damage(lines))
            lines.clear()
            for frame in frames or ():
                place, timed = places.of(frame, damage.met)
                yield Shown(place, frame, damage.spares(frame, timed))


def _decoded(packet: av.Packet) -> list[av.VideoFrame] | None:
    """The frames of a packet; None if the decoder rejects it, which does not rule out later packets."""
    try:
        return packet.decode()
    except av.error.EOFError:
        return []
    except av.error.FFmpegError as error:
        check_memory(error)
        return None


class Places:
    """Assigns frame indices to decoded frames, by display time, so that a missing frame shifts no other.

    Counts frames if the container has no timestamps or duplicate ones.
    """

    def __init__(self, stamps: Stamps):
        times = known_times(stamps) or []
        self.times, self.count = sorted(times) if len(set(times)) == len(times) else [], 0

    def of(self, frame: av.VideoFrame, damaged: bool) -> tuple[int, bool]:
        """The frame index, and whether it comes from the display time. damaged: whether damage was met so far

        Without damage, the first decoded frame is frame 0: a clip cut from a longer one may begin with pictures that
        cannot be decoded.
        """
        if not self.count and not damaged and frame.pts in self.times:
            self.times = self.times[self.times.index(frame.pts) :]
        self.count += 1
        place = bisect.bisect_left(self.times, frame.pts) if frame.pts is not None else len(self.times)
        timed = place < len(self.times) and self.times[place] == frame.pts
        return (place, True) if timed else (self.count - 1, False)


class Damage:
    """Tracks which frames damaged packets affect: all later ones, until decoding can restart.

    A leading picture (displayed before the last key frame, decoded after it) is not referred to by later pictures.
    unplaced: damage was logged while the container was opened, so the damaged packets are unknown
    """

    def __init__(self, stream: av.VideoStream, unplaced: bool):
        self.h264 = stream.codec_context.name == "h264"
        self.prefix = length_size(bytes(stream.codec_context.extradata or b""))
        self.unplaced, self.met, self.lasts = unplaced, unplaced, False
        self.key, self.latest = None, None
        self.reached: set[int | None] = set()

    def note(self, packet: av.Packet, damaged: bool) -> None:
        """Record a packet, in decoding order. damaged: as reported by the container or the decoder"""
        picture = picture_in(bytes(packet), self.prefix) if self.h264 else None
        damaged |= self.h264 and picture is None and packet.size > 0
        if packet.is_keyframe and (
            not self.prefix or picture and picture.idr
        ):  # the key frame table of an MP4 may be wrong
            self.lasts, self.key = False, packet.pts
        leading = packet.pts is not None and self.key is not None and packet.pts < self.key
        self.met |= damaged
        self.lasts |= damaged and not leading
        if self.lasts or damaged:
            self.reached.add(packet.pts)

    def spares(self, frame: av.VideoFrame, timed: bool) -> bool:
        """Whether a frame is unaffected. Call it for each frame, in order.

        timed: the frame has a reliable display time; a step back in time means earlier damage
        """
        if timed and frame.pts is not None:
            self.unplaced |= self.latest is not None and frame.pts < self.latest
            self.latest = frame.pts
        unknown = self.unplaced or (not timed and self.met)
        return not (unknown or frame.is_corrupt or frame.pts in self.reached)
