"""A clip's frames as they are shown, decoded from the beginning, and whether damage reached them."""

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
    """place: among the frames of the clip, from 0; sound: no damage was met in it, or in what it may refer to"""

    place: int
    frame: av.VideoFrame
    sound: bool


def shown_frames(clip: RawFile, stamps: Stamps) -> Iterator[Shown]:
    """Every frame that PyAV gives, by one thread."""
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
    """None for a packet that the decoder refuses: others may follow that it takes."""
    try:
        return packet.decode()
    except av.error.EOFError:
        return []
    except av.error.FFmpegError as error:
        check_memory(error)
        return None


class Places:
    """Which frame of the clip a decoded one is: by its time, so that one that is missing moves no other.

    Where the container tells no times, or the same twice, frames are counted.
    """

    def __init__(self, stamps: Stamps):
        times = known_times(stamps) or []
        self.times, self.count = sorted(times) if len(set(times)) == len(times) else [], 0

    def of(self, frame: av.VideoFrame, damaged: bool) -> tuple[int, bool]:
        """The place, and whether it is by time. damaged: whether damage was met so far

        Without any, the first frame that comes is the first of the clip: one that was cut out of a longer clip may
        begin with pictures that no decoder can show.
        """
        if not self.count and not damaged and frame.pts in self.times:
            self.times = self.times[self.times.index(frame.pts) :]
        self.count += 1
        place = bisect.bisect_left(self.times, frame.pts) if frame.pts is not None else len(self.times)
        timed = place < len(self.times) and self.times[place] == frame.pts
        return (place, True) if timed else (self.count - 1, False)


class Damage:
    """Which frames the damage of packets reaches: all that are decoded later, until decoding can begin anew.

    A picture that is shown before the last key frame but decoded after it is referred to by none that comes later.
    unplaced: damage was met already, while the container was opened; then nobody knows which packets it hit
    """

    def __init__(self, stream: av.VideoStream, unplaced: bool):
        self.h264 = stream.codec_context.name == "h264"
        self.prefix = length_size(bytes(stream.codec_context.extradata or b""))
        self.unplaced, self.met, self.lasts = unplaced, unplaced, False
        self.key, self.latest = None, None
        self.reached: set[int | None] = set()

    def note(self, packet: av.Packet, damaged: bool) -> None:
        """In the order of decoding. damaged: as its container or the decoder says"""
        picture = picture_in(bytes(packet), self.prefix) if self.h264 else None
        damaged |= self.h264 and picture is None and packet.size > 0
        if packet.is_keyframe and (not self.prefix or picture and picture.idr):  # a table in MP4 may be wrong
            self.lasts, self.key = False, packet.pts
        leading = packet.pts is not None and self.key is not None and packet.pts < self.key
        self.met |= damaged
        self.lasts |= damaged and not leading
        if self.lasts or damaged:
            self.reached.add(packet.pts)

    def spares(self, frame: av.VideoFrame, timed: bool) -> bool:
        """Of each frame, as they come. timed: its time can be trusted; if it runs backwards, damage was met before"""
        if timed and frame.pts is not None:
            self.unplaced |= self.latest is not None and frame.pts < self.latest
            self.latest = frame.pts
        unknown = self.unplaced or (not timed and self.met)
        return not (unknown or frame.is_corrupt or frame.pts in self.reached)
