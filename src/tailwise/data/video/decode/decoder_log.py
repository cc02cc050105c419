"""Capture FFmpeg's log while it reads and decodes: the only place where it reports damage.

A decoder conceals damage from other frames and continues. Some damage cannot be detected: changed bits may be a valid
picture too. Two copies of FFmpeg are in use, PyAV's and decord's.
"""

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager

import av.logging
import decord._ffi.base

ERROR = 16
"""FFmpeg's log level for errors; lower levels are worse. Source: libavutil/log.h"""
CONCEALING, CORRUPT, LOST = "concealing", "Packet corrupt", "Continuity check failed"
"""Prefixes of less severe lines that report damage: blocks were concealed, a packet was cut, packets of a transport
stream are missing. Source: libavcodec/error_resilience.c, libavformat/demux.c and mpegts.c"""

Lines = list[tuple]
"""Log lines: the level is the first element, the text the last."""

_AS_CALLBACK = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_void_p)
_decord_lines: Lines = []


def tells_damage(lines: Lines) -> bool:
    return any(line[0] <= ERROR or line[-1].startswith((CONCEALING, CORRUPT)) for line in lines)


def tells_loss(lines: Lines) -> bool:
    """Whether packets are missing. FFmpeg logs it at the level DEBUG only, without their position."""
    return any(line[-1].startswith(LOST) for line in lines)


@contextmanager
def pyav_log(most: int = av.logging.INFO) -> Iterator[Lines]:
    """The lines that PyAV logs inside the block, in this thread. most: highest level to keep"""
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
    """The lines that decord logs inside the block, as unformatted templates; RuntimeError if its log is unavailable."""
    _decord_lines.clear()
    try:
        library = decord._ffi.base._LIB
        library.av_log_set_callback(_keep)
    except AttributeError as error:  # another build of decord: without its log, its frames cannot be trusted
        raise RuntimeError("decord's log cannot be read") from error
    try:
        yield _decord_lines
    finally:
        library.av_log_set_callback(library.av_log_default_callback)


@_AS_CALLBACK
def _keep(source: int, level: int, text: bytes, values: int) -> None:
    """Callback for FFmpeg, called from decord's decoding thread."""
    _decord_lines.append((level, text.decode("latin1")))
