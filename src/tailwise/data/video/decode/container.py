"""Open a clip: allowed container formats only, and no file or URL other than the clip itself.

Some formats that FFmpeg reads are playlists (ffconcat, HLS, DASH). A playlist would bring in frames from outside the
data root, and the hash of its bytes would not identify what was decoded.
"""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

import av
import av.container
import av.error

from tailwise.data.raw import SMALLEST_CLIP, DamagedFile, RawFile

CONTAINERS = ("mov", "matroska", "webm", "avi", "mpegts", "mpeg", "flv", "ogg", "asf", "gif")
"""FFmpeg's names of the allowed containers; mov is MP4 and QuickTime, matroska is MKV, asf is WMV."""
SAFE = {"format_whitelist": ",".join(CONTAINERS), "protocol_whitelist": "file"}

PICTURES = (b"\xff\xd8\xff", b"\x89PNG", b"BM", b"II*\0", b"MM\0*")
PLAYLISTS = (b"ffconcat", b"#EXTM3U", b"[playlist]", b"<?xml", b"<MPD", b"<smil", b"#EXT", b"file ", b"file\t", b"v=0")


ROOM = 2**26
"""Bytes. If this much memory can be allocated after a failure, the clip is at fault, not a lack of memory."""


class ClipError(Exception):
    """A clip that cannot be used; the text is ``kind`` or ``kind: detail``."""


@contextmanager
def open_clip(clip: RawFile) -> Iterator[av.container.InputContainer]:
    """The clip as a PyAV container; raises ClipError for anything but a video in one of CONTAINERS."""
    if not clip.exists():
        raise ClipError("absent")
    try:
        source = clip.source()
    except DamagedFile as error:
        raise ClipError(f"damaged in its zip: {error.reason}") from error
    archived = isinstance(source, io.BytesIO)
    try:
        container = av.open(_Member(source.getbuffer()) if archived else f"file:{source}", "r", options=SAFE)
    except (av.error.FFmpegError, UnicodeDecodeError) as error:
        check_memory(error)
        with source if archived else open(source, "rb") as file:
            raise ClipError(_why_not(file)) from error
    with container:
        yield container


def packets_of(container: av.container.InputContainer, stream: av.VideoStream) -> Iterator[av.Packet]:
    """The packets in decoding order, as far as the file can be read; the last one is empty and flushes the decoder.

    PyAV raises IndexError if damage makes a new stream appear in the middle of a file.
    """
    try:
        yield from container.demux(stream)
    except (av.error.FFmpegError, IndexError) as error:
        check_memory(error)


def check_memory(error: Exception) -> None:
    """Raise MemoryError if FFmpeg failed for lack of memory, or could not start a thread: the clip is not at fault.

    FFmpeg reports the same error for a damaged file that asks for more memory than any machine has.
    """
    if isinstance(error, (MemoryError, BlockingIOError)):
        require_room()


def require_room() -> None:
    """Raise MemoryError if memory is too low to blame the clip for a failure."""
    bytearray(ROOM)


class _Member(io.BytesIO):
    """Clamps negative seek positions, which FFmpeg may ask for in a damaged file and Python would reject."""

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return super().seek(max(offset, 0) if whence == io.SEEK_SET else offset, whence)


def _why_not(file: BinaryIO) -> str:
    """Why FFmpeg does not open a file."""
    size = file.seek(0, 2)
    if size < SMALLEST_CLIP:
        return f"empty: {size} bytes"
    file.seek(0)
    head = file.read(64)
    if head.startswith(PICTURES) or head[8:12] == b"WEBP":
        return "a picture, not a video"
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(PLAYLISTS):
        return "a list of other files, not a video"
    if (missing := _cut_box(file, size)) is not None:
        return f"truncated: the file ends within its {missing} box"
    return "unreadable format"


def _cut_box(file: BinaryIO, length: int) -> str | None:
    """The top-level MP4 box that extends beyond the end of the file; None if there is none or the file is not MP4.

    Source: ISO/IEC 14496-12, 4.2
    """
    place = 0
    while place < length:
        file.seek(place)
        head = file.read(16)
        if not place and head[4:8] not in (b"ftyp", b"moov", b"mdat"):
            return None
        if len(head) < 8:
            return "last"
        size, name = int.from_bytes(head[:4]), head[4:8]
        if size == 1:
            size = int.from_bytes(head[8:16])
        if size == 0:
            return None
        if place + size > length:
            return name.decode("latin1")
        place += max(size, 8)
    return None
