"""What a clip is, before a frame of it is decoded; or why it can be none."""

import io
from dataclasses import dataclass
from pathlib import Path

import av

from tailwise.data.decode.packets import sound
from tailwise.data.raw import SMALLEST_CLIP, DamagedFile, RawFile

PLAIN_PIXELS = ("yuv420p", "yuvj420p")


class Faulty(Exception):
    """A clip that cannot be used; the text is ``kind`` or ``kind: detail``."""


@dataclass(frozen=True)
class Facts:
    """width, height: as stored; rate: frames per second; frames: as counted, seconds: as long as they last

    cut: the file ends before its own table of frames does
    plain: of the kind that decord decodes frame by frame as it should
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
    plain: bool


def probe(clip: RawFile) -> Facts:
    """Read a clip's tables, not its frames; raises Faulty."""
    if not clip.exists():
        raise Faulty("absent")
    try:
        source = clip.source()
    except DamagedFile as error:
        raise Faulty(f"damaged in its zip: {error.reason}") from error
    try:
        with av.open(source) as container:
            return _facts(container)
    except (av.FFmpegError, UnicodeDecodeError) as error:
        raise Faulty(_why_not(clip, source)) from error


def _facts(container) -> Facts:
    stream = _video(container)
    table = list(stream.index_entries)
    listed = len(table) > 1 and len(table) == stream.frames
    entries = table if listed else [packet for packet in container.demux(stream) if packet.size]
    shown = [entry for entry in entries if not entry.is_discard]
    cut = listed and max(entry.pos + entry.size for entry in entries) > container.size
    context, rate = stream.codec_context, float(stream.average_rate or stream.guessed_rate or 0)
    plain = listed and not cut and len(shown) == len(entries)
    plain = plain and context.name == "h264" and context.pix_fmt in PLAIN_PIXELS and sound(container, stream)
    return Facts(
        codec=context.name,
        pixels=context.pix_fmt or "",
        width=context.width,
        height=context.height,
        rate=round(rate, 3),
        frames=len(shown),
        seconds=round(len(shown) / rate, 3) if rate else 0.0,
        key_frames=sum(entry.is_keyframe for entry in shown),
        cut=cut,
        plain=plain,
    )


def _video(container):
    """The stream that players show; a cover picture is none."""
    if container.format.name.endswith("_pipe") or container.format.name == "image2":
        raise Faulty("a picture, not a video")
    stream = container.streams.best("video")
    if stream is None or stream.disposition & av.stream.Disposition.attached_pic:
        raise Faulty("audio only" if container.streams.audio else "no video stream")
    if stream.codec_context is None:
        raise Faulty("unreadable format: a codec that FFmpeg does not know, or encrypted")
    return stream


def _why_not(clip: RawFile, source: str | io.BytesIO) -> str:
    size = Path(source).stat().st_size if isinstance(source, str) else len(source.getbuffer())
    if size < SMALLEST_CLIP:
        return f"empty: {size} bytes"
    if (missing := _cut_box(clip.read())) is not None:
        return f"truncated: the file ends within its {missing} box"
    return "unreadable format"


def _cut_box(content: bytes) -> str | None:
    """The top-level MP4 box that is longer than what is left of the file; None if there is none or it is no MP4.

    Source: ISO/IEC 14496-12, 4.2
    """
    place = 0
    if content[4:8] not in (b"ftyp", b"moov", b"mdat"):
        return None
    while place + 8 <= len(content):
        size, name = int.from_bytes(content[place : place + 4]), content[place + 4 : place + 8]
        if size == 1:
            size = int.from_bytes(content[place + 8 : place + 16])
        if size == 0:
            return None
        if place + size > len(content):
            return name.decode("latin1")
        place += max(size, 8)
    return None if place == len(content) else "last"
