"""What FFmpeg logs while it reads and decodes: the one place where it tells that it met damage.

A decoder that meets damage goes on, and fills the gap from other frames. Some damage nobody can see: other bits that
are a picture, too. There are two FFmpegs here, PyAV's own and the one that comes with decord.
"""

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager

import av.logging
import decord._ffi.base

ERROR = 16
"""FFmpeg's level of errors; lower levels are worse. Source: libavutil/log.h"""
CONCEALING, CORRUPT, LOST = "concealing", "Packet corrupt", "Continuity check failed"
"""Lines of lesser levels that tell of damage begin so: a decoder filled in blocks, a packet was cut, packets of a
transport stream are missing. Source: libavcodec/error_resilience.c, libavformat/demux.c and mpegts.c"""

Lines = list[tuple]
"""Of each line its level first and its text last."""

_AS_CALLBACK = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_void_p)
_decord_lines: Lines = []


def tells_damage(lines: Lines) -> bool:
    return any(line[0] <= ERROR or line[-1].startswith((CONCEALING, CORRUPT)) for line in lines)


def tells_loss(lines: Lines) -> bool:
    """Whether packets are missing. The container knows it only at the level DEBUG, and not where they were."""
    return any(line[-1].startswith(LOST) for line in lines)


@contextmanager
def pyav_log(most: int = av.logging.INFO) -> Iterator[Lines]:
    """The lines of what PyAV reads and decodes within, in this thread. most: highest level that is kept"""
    level, skipped = av.logging.get_level(), av.logging.get_skip_repeated()
    av.logging.set_level(most)
    av.logging.set_skip_repeated(False)
    try:
        with av.logging.Capture() as lines:
            yield lines
    finally:
        av.logging.set_level(level)
        av.logging.set_skip_repeated(skipped)


@contextmanager
def decord_log() -> Iterator[Lines]:
    """The lines of what decord decodes within, their values not filled in; raises RuntimeError if it has no log."""
    _decord_lines.clear()
    try:
        library = decord._ffi.base._LIB
        library.av_log_set_callback(_keep)
    except AttributeError as error:  # a decord that was built another way: what it decodes cannot be trusted
        raise RuntimeError("decord's log cannot be read") from error
    try:
        yield _decord_lines
    finally:
        library.av_log_set_callback(library.av_log_default_callback)


@_AS_CALLBACK
def _keep(source: int, level: int, text: bytes, values: int) -> None:
    """FFmpeg calls it from decord's decoding thread."""
    _decord_lines.append((level, text.decode("latin1")))
