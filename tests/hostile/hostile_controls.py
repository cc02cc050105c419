"""Controls: valid inputs, and answers that break the rules, to test the checks themselves."""

import socket
import sys
from functools import partial

from hostile_cases import Case, Place, predict


def good_split(place: Place) -> list[str]:
    return [str(place.good / "Valid.zip"), "--weights", str(place.good / "w.safetensors")]


def good_clip(place: Place) -> list[str]:
    return [str(place.good / "clip.mp4"), "--weights", str(place.good / "w.safetensors")]


def controls() -> list[Case]:
    return [
        Case("a good split", good_split, predict),
        Case("a good clip", good_clip, predict),
        Case("a file outside", lambda place: [str(place.outside / "in/secret.mp4")], opens),
        Case("the port", lambda place: [str(place.port)], reaches),
        Case("memory", lambda place: [], takes_memory),
        Case("an escape sequence", lambda place: [], partial(says, text="\x1b[31mred\n")),
        Case("two lines", lambda place: [], partial(says, text="one\ntwo\n")),
        Case("a long line", lambda place: [], partial(says, text="x" * 2000 + "\n")),
        Case("an error of the code", lambda place: [], fails),
    ]


def opens(arguments: list[str]) -> int:
    with open(arguments[0], "rb") as file:
        file.read(1)
    return says([], "read\n")


def reaches(arguments: list[str]) -> int:
    socket.create_connection(("127.0.0.1", int(arguments[0]))).close()
    return says([], "reached\n")


def takes_memory(arguments: list[str]) -> int:
    held = bytearray(2**30 + 2**26)
    held[:: 2**12] = b"x" * len(held[:: 2**12])
    return says([], "held\n")


def says(arguments: list[str], text: str) -> int:
    sys.stderr.write(text)
    return 1


def fails(arguments: list[str]) -> int:
    raise ValueError("odd")
