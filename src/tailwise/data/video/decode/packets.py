"""Classify the packets of an H.264 stream without decoding them.

Source: ITU-T H.264, 7.3.1, table 7-1 and annex B (NAL units, start codes); ISO/IEC 14496-15, 5.3.3 (lengths in MP4)
"""

import re
from dataclasses import dataclass
from itertools import groupby

SLICE, IDR_SLICE, SEQUENCE, PARAMETERS, DELIMITER = 1, 5, 7, 8, 9
"""NAL unit types. No picture refers to one before an IDR picture; a delimiter begins a picture."""
START_CODE = re.compile(b"\0\0\1")


@dataclass(frozen=True)
class Picture:
    """Contents of a packet. idr: decoding can begin here; referenced: other pictures may refer to it

    parameters: it contains parameter sets, which also apply to later packets
    """

    idr: bool
    referenced: bool
    parameters: bool


def length_size(extradata: bytes) -> int | None:
    """Bytes of each NAL unit's length prefix, from the decoder configuration in MP4; None for start codes."""
    return 1 + (extradata[4] & 3) if len(extradata) >= 5 and extradata[0] == 1 else None


def picture_in(packet: bytes, prefix: int | None) -> Picture | None:
    """The picture in a packet; None unless complete NAL units fill it, and each of its pictures has slices.

    prefix: bytes of each unit's length prefix; None if start codes separate the units
    """
    heads = _heads(packet, prefix) if prefix else [packet[code.end()] for code in START_CODE.finditer(packet[:-1])]
    if heads is None or any(head & 0x80 for head in heads):  # forbidden_zero_bit
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
    """The first byte of each NAL unit; None if the units do not fill the packet exactly."""
    place, heads = 0, []
    while place + prefix < len(packet):
        size = int.from_bytes(packet[place : place + prefix])
        if not size:
            return None
        heads.append(packet[place + prefix])
        place += prefix + size
    return heads if place == len(packet) else None


def even(times: list[int]) -> bool:
    """Whether the longest gap between pictures is less than twice the shortest."""
    shown = sorted(times)
    gaps = [after - before for before, after in zip(shown, shown[1:])]
    return not gaps or max(gaps) < 2 * min(gaps)
