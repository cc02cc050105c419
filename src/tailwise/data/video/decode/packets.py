"""Pictures of an H.264 stream by their packets, before any is decoded.

Source: ITU-T H.264, 7.3.1, table 7-1 and annex B (NAL units, start codes); ISO/IEC 14496-15, 5.3.3 (lengths in MP4)
"""

import re
from dataclasses import dataclass
from itertools import groupby

SLICE, IDR_SLICE, SEQUENCE, PARAMETERS, DELIMITER = 1, 5, 7, 8, 9
"""NAL unit types. From an IDR picture on, nothing refers to what was before it; a delimiter begins a picture."""
START_CODE = re.compile(b"\0\0\1")


@dataclass(frozen=True)
class Picture:
    """What a packet holds. idr: decoding can begin here; referenced: other pictures may refer to it

    parameters: there are parameter sets with it, which hold for what comes later, too
    """

    idr: bool
    referenced: bool
    parameters: bool


def length_size(extradata: bytes) -> int | None:
    """Bytes of the length before each NAL unit, from the decoder's configuration in MP4; None for start codes."""
    return 1 + (extradata[4] & 3) if len(extradata) >= 5 and extradata[0] == 1 else None


def picture_in(packet: bytes, prefix: int | None) -> Picture | None:
    """The picture of a packet; None unless whole units fill it, among them slices, and no picture in it has none.

    prefix: bytes of the length before each unit, None where start codes part them
    """
    heads = _heads(packet, prefix) if prefix else [packet[code.end()] for code in START_CODE.finditer(packet[:-1])]
    if heads is None or any(head & 0x80 for head in heads):  # the bit that is never set
        return None
    kinds = [head & 0x1F for head in heads]
    slices = [head for head, kind in zip(heads, kinds) if kind in (SLICE, IDR_SLICE)]
    marks = [kind for kind in kinds if kind in (SLICE, IDR_SLICE, DELIMITER)]
    if not slices or any(kind == DELIMITER and len(list(run)) > 1 for kind, run in groupby(marks)):
        return None
    return Picture(
        idr=all(head & 0x1F == IDR_SLICE for head in slices),
        referenced=any(head & 0x60 for head in slices),
        parameters=SEQUENCE in kinds or PARAMETERS in kinds,
    )


def _heads(packet: bytes, prefix: int) -> list[int] | None:
    """The first byte of each unit; None if they do not fill the packet."""
    place, heads = 0, []
    while place + prefix < len(packet):
        size = int.from_bytes(packet[place : place + prefix])
        if not size:
            return None
        heads.append(packet[place + prefix])
        place += prefix + size
    return heads if place == len(packet) else None


def even(times: list[int]) -> bool:
    """Whether no gap between pictures is twice as long as another."""
    shown = sorted(times)
    gaps = [after - before for before, after in zip(shown, shown[1:])]
    return not gaps or max(gaps) < 2 * min(gaps)
