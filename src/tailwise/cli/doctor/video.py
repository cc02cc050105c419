"""Checks of the video decoders, on a clip that is made for it."""

from collections.abc import Callable, Iterator
from typing import Any

from tailwise.cli.doctor.child import Failure, ask
from tailwise.cli.doctor.finding import Finding
from tailwise.cli.doctor.probe import FRAMES, GREY

TOLERANCE = 12
"""Of 255: what H.264 and the conversion of colours may change in a frame's mean grey."""
REMEDY = "run `python3 -m pip install --force-reinstall -r requirements/decode.txt -c constraints.txt`"


def check_decoders(probe: Callable[..., dict[str, Any]] = ask) -> Iterator[Finding]:
    """Whether PyAV and decord give back the frames of a clip."""
    for name in ("pyav", "decord"):
        try:
            found = probe(name)
        except Failure as error:
            yield Finding(name, "problem", f"cannot decode: {error}", REMEDY)
            continue
        if fault := wrong_frames(found["greys"]):
            yield Finding(name, "problem", fault, REMEDY)
        else:
            yield Finding(name, "ok", f"{found['version']}, decodes H.264")


def wrong_frames(greys: list[float]) -> str:
    """What is wrong with the mean grey of the decoded frames; empty if they are right."""
    if len(greys) != FRAMES:
        return f"decodes {len(greys)} of {FRAMES} frames"
    for place, grey in enumerate(greys):
        if abs(grey - GREY * place) > TOLERANCE:
            return f"decodes wrong frames: frame {place} has a grey of {grey:.0f}, {GREY * place} was encoded"
    return ""
