"""Decode the window's frames of one clip.

decord decodes plain H.264 and scales at the same time, faster than other Python decoders; excerpt.py decides what is
plain. decord has been observed to count hidden frames (edit lists), to be off by one (HEVC with open GOPs), to lack
AV1, and to fail at widths of 16, 24, 48 and 72. PyAV decodes everything else, from the first frame.
"""

import av
import decord
import numpy as np

from tailwise.data.raw import RawFile
from tailwise.data.video.decode.container import ClipError, require_room
from tailwise.data.video.decode.decoder_log import decord_log, tells_damage
from tailwise.data.video.decode.excerpt import Excerpt, excerpt
from tailwise.data.video.decode.orientation import orientation_of
from tailwise.data.video.decode.pictures import shown_frames
from tailwise.data.video.decode.probe import Facts, Stamps, examine, known_times
from tailwise.data.video.decode.spread import Spread
from tailwise.data.video.decode.window import Short, Window, within

Cut = Window | Spread
"""Which frames of a clip to decode, and their size."""


def decode_clip(clip: RawFile, window: Cut, short: Short = "refuse") -> tuple[np.ndarray, Facts]:
    """(margin + frames + margin, height, width, 3) uint8 RGB, and the clip's facts; raises ClipError.

    short: what to do with a clip that ends before the window
    """
    facts, stamps = examine(clip)
    try:
        places = within(places_in(window, facts, stamps), facts.frames, short)
    except ValueError as error:
        raise ClipError(str(error)) from error
    wanted = sorted(set(places))
    frames = _decoded(clip, window, facts, stamps, wanted)
    return frames if places == wanted else frames[np.searchsorted(wanted, places)], facts


def places_in(window: Cut, facts: Facts, stamps: Stamps) -> list[int]:
    """Frame indices of the window, which may lie beyond the clip's end.

    Raises ClipError for a missing frame rate, and for a file that was cut off and is to be covered from end to end.
    """
    if isinstance(window, Spread):
        if facts.cut:
            raise ClipError(f"truncated: the file ends after {facts.frames} frames")
        return window.among(facts.frames)
    if window.unit == "seconds" and not facts.rate:
        raise ClipError("no rate: a window in seconds cannot be found in it")
    return window.places(moments(facts, stamps), facts.rate)


def moments(facts: Facts, stamps: Stamps) -> list[float]:
    """Display time of each frame, in seconds from the first; empty if the container does not give them."""
    times = known_times(stamps)
    if times is None or len(set(times)) != facts.frames:
        return []
    shown = sorted(times)
    return [(time - shown[0]) / facts.ticks for time in shown]


def _decoded(clip: RawFile, window: Cut, facts: Facts, stamps: Stamps, wanted: list[int]) -> np.ndarray:
    if plain := excerpt(clip, facts, stamps, wanted):
        try:
            return by_decord(plain, window)
        except (decord.DECORDError, RuntimeError, IndexError):
            pass  # PyAV may decode it, or give a better reason
    return by_pyav(clip, window, facts, stamps, wanted)


def by_decord(plain: Excerpt, window: Cut) -> np.ndarray:
    """Decode with one decord thread; the reader is closed at once, because an open one grows without bound.

    Raises RuntimeError if the decoder logged damage, since it then returns wrong frames.
    """
    height, width = plain.orientation.stored_size(window.height, window.width)
    with decord_log() as lines:
        reader = decord.VideoReader(plain.content, width=width, height=height, num_threads=1)
        frames = reader.get_batch(plain.places).asnumpy()
        del reader  # ends its thread
    if tells_damage(lines):
        raise RuntimeError("damage in the window")
    return plain.orientation.upright(frames)


def by_pyav(clip: RawFile, window: Cut, facts: Facts, stamps: Stamps, wanted: list[int]) -> np.ndarray:
    """Decode frame by frame from the start; raises ClipError if a wanted frame is missing or damaged."""
    found, seen = {}, 0
    for seen, (place, frame, sound) in enumerate(shown_frames(clip, stamps), start=1):  # noqa: B007
        if place not in wanted:
            continue
        if not sound:
            require_room()
            raise ClipError(f"damaged: frame {place} does not decode as it was encoded")
        found[place] = scaled(frame, window)
        if len(found) == len(wanted):
            return np.stack([found[place] for place in wanted])
    require_room()
    kind = "truncated" if facts.cut else "cannot be decoded"
    raise ClipError(f"{kind}: {seen} of {facts.frames} frames, {wanted[-1] + 1} needed")


def scaled(frame: av.VideoFrame, window: Cut) -> np.ndarray:
    """(height, width, 3) uint8 RGB, scaled as decord does, then mirrored and rotated for display."""
    orientation = orientation_of(frame)
    height, width = orientation.stored_size(window.height, window.width)
    return orientation.upright(frame.reformat(width, height, format="rgb24", interpolation="BILINEAR").to_ndarray())
