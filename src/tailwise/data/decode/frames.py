"""The window's frames of one clip.

decord decodes plain H.264 and scales on the way, faster than anything else from Python. It was
seen to count frames that are not shown (edit lists), to be off by one (HEVC with open groups),
not to know AV1, to fail at widths of 16, 24, 48 and 72, and to give a damaged clip other frames
in each run: what is not plain, and what decord refuses, PyAV decodes from the beginning.
"""

import av
import decord
import numpy as np

from tailwise.data.decode.probe import Facts, Faulty, probe
from tailwise.data.decode.window import Window
from tailwise.data.raw import RawFile


def decode_clip(clip: RawFile, window: Window) -> tuple[np.ndarray, Facts]:
    """(margin + frames + margin, height, width, 3) uint8 RGB, and what the clip is; raises Faulty with the reason."""
    facts = probe(clip)
    needed = window.indices()[-1] + 1
    if facts.frames < needed:
        raise Faulty(f"shorter than the window: {facts.frames} frames, {needed} needed")
    if facts.plain:
        try:
            return by_decord(clip, window), facts
        except (decord.DECORDError, RuntimeError, IndexError):
            pass  # PyAV says more about what is wrong with it, or can do it
    return by_pyav(clip, window, facts), facts


def by_decord(clip: RawFile, window: Window) -> np.ndarray:
    """One decord thread, opened, read and closed here: a reader kept open grows without bound."""
    decord.logging.set_level(decord.logging.QUIET)  # FFmpeg's messages do not name the clip
    reader = decord.VideoReader(clip.source(), width=window.width, height=window.height, num_threads=1)
    return reader.get_batch(window.indices()).asnumpy()


def by_pyav(clip: RawFile, window: Window, facts: Facts) -> np.ndarray:
    """Frame by frame from the beginning; raises Faulty where the decoder stops before the window ends."""
    indices, frames, seen = window.indices(), [], 0
    try:
        with av.open(clip.source()) as container:
            stream = container.streams.best("video")
            stream.codec_context.thread_count = 1
            for seen, frame in enumerate(container.decode(stream), start=1):
                if seen - 1 == indices[len(frames)]:
                    frames.append(scaled(frame, window))
                if len(frames) == len(indices):
                    return np.stack(frames)
    except av.FFmpegError:
        pass
    kind = "truncated" if facts.cut else "cannot be decoded"
    raise Faulty(f"{kind}: {seen} of {facts.frames} frames, {indices[-1] + 1} needed")


def scaled(frame: av.VideoFrame, window: Window) -> np.ndarray:
    """(height, width, 3) uint8 RGB, turned upright, scaled as decord does."""
    turns = round(frame.rotation / 90) % 4
    size = (window.height, window.width) if turns % 2 else (window.width, window.height)
    small = frame.reformat(*size, format="rgb24", interpolation="BILINEAR")
    return np.ascontiguousarray(np.rot90(small.to_ndarray(), turns))
