"""Remux the packets that a window of a plain H.264 clip needs into a small MP4 in memory.

decord seeks to a key frame of the container's table and counts frames from there. If decoding cannot begin at that key
frame (open GOP, intra refresh, a wrong or missing table), it silently returns other frames; if packets are damaged, it
repeats frames. So decord never gets the clip itself, but an excerpt that begins at an IDR picture, has no other key
frame, and ends with the window. Clips that do not provably fit this scheme are decoded by PyAV.
"""

import io
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate

import av
import av.container
import av.error

from tailwise.data.raw import RawFile
from tailwise.data.video.decode.container import check_memory, open_clip, packets_of
from tailwise.data.video.decode.orientation import Orientation, orientation_of
from tailwise.data.video.decode.packets import even, length_size, picture_in
from tailwise.data.video.decode.probe import Facts, Stamps, known_times, video_stream

PLAIN_PIXELS = ("yuv420p", "yuvj420p")
AS_STORED = (2**16, 0, 0, 0, 2**16, 0, 0, 0, 2**30)
LARGEST = 2**28
"""Bytes of packets in memory; a window that needs more is decoded by PyAV."""


@dataclass(frozen=True)
class Excerpt:
    """content: an MP4; places: indices of the wanted frames in it, ascending; orientation: how to display them"""

    content: io.BytesIO
    places: list[int]
    orientation: Orientation


def excerpt(clip: RawFile, facts: Facts, stamps: Stamps, wanted: list[int]) -> Excerpt | None:
    """The excerpt from which decord can decode the wanted frames; None if it might return other frames.

    wanted: frame indices in display order, ascending
    """
    plain = facts.codec == "h264" and facts.pixels in PLAIN_PIXELS and not facts.cut
    times = known_times(stamps)
    if not plain or times is None or not wanted[-1] < len(times) == facts.frames or not even(times):
        return None
    shown = [time for place, time in enumerate(sorted(times)) if place in wanted]
    with open_clip(clip) as container:
        stream = video_stream(container)
        packets = _needed(container, stream, times, shown)
        orientation = _orientation(stream, packets[0]) if packets else None
        if orientation is None:
            return None
        kept = sorted(map(_time, packets))
        try:
            return Excerpt(_muxed(stream, packets), [kept.index(time) for time in shown], orientation)
        except av.error.FFmpegError as error:  # damaged stream parameters
            check_memory(error)
            return None


def _needed(
    container: av.container.InputContainer, stream: av.VideoStream, stamps: list[int], shown: list[int]
) -> list[av.Packet]:
    """The packets from the last IDR picture before the window to its end, without pictures that nothing refers to.

    Empty if there is no such IDR picture, or if a packet in between is hidden or malformed.
    """
    prefix = length_size(bytes(stream.codec_context.extradata or b""))
    last = max(place for place, stamp in enumerate(stamps) if stamp <= shown[-1])
    begins = _beginnings(stamps)
    kept: list[av.Packet] | None = None
    size = 0
    for place, packet in enumerate(packet for packet in packets_of(container, stream) if packet.size):
        picture = picture_in(bytes(packet), prefix) if prefix and not packet.is_discard else None
        begin = picture and picture.idr and not picture.parameters and begins[place]
        if begin and packet.pts is not None and packet.pts <= shown[0]:
            kept, size = [], 0
        elif picture is None or picture.parameters or packet.pts != stamps[place]:
            kept = None
        if picture and kept is not None and (picture.referenced or packet.pts in shown):
            kept.append(packet)
            size += packet.size
        if place == last or size > LARGEST:
            return kept if kept and place == last else []
    return []


def _time(packet: av.Packet) -> int:
    """The display time of a needed packet, in ticks."""
    assert packet.pts is not None
    return packet.pts


def _beginnings(stamps: list[int]) -> list[bool]:
    """Per packet, whether all earlier packets are displayed before it and all later ones after it."""
    times, latest = sorted(stamps), accumulate(stamps, max)
    return [time == stamp == most for time, stamp, most in zip(times, stamps, latest)]


def _orientation(stream: av.VideoStream, first: av.Packet) -> Orientation | None:
    """The orientation of the first picture; None if it does not decode."""
    stream.codec_context.thread_count = 1
    try:
        frames = [*stream.codec_context.decode(first), *stream.codec_context.decode(None)]
    except av.error.FFmpegError as error:
        check_memory(error)
        return None
    return orientation_of(frames[0]) if frames else None


def _muxed(stream: av.VideoStream, packets: list[av.Packet]) -> io.BytesIO:
    """An MP4 of the packets with one picture per tick; only the first is a key frame."""
    content, order = io.BytesIO(), {stamp: rank for rank, stamp in enumerate(sorted(map(_time, packets)))}
    ranks = [order[_time(packet)] for packet in packets]
    delay = max(place - rank for place, rank in enumerate(ranks))
    with av.open(content, "w", format="mp4", options={"use_editlist": "0"}) as file:
        track = file.add_stream_from_template(stream)
        track.set_display_matrix(AS_STORED)  # decord applies some display matrices and ignores others
        for place, (packet, rank) in enumerate(zip(packets, ranks)):
            packet.stream, packet.time_base = track, Fraction(1, 25)
            packet.pts, packet.dts, packet.is_keyframe = rank + delay, place, place == 0
            file.mux(packet)
    content.seek(0)
    return content
