"""Malicious or malformed zips, and members that are no clips, given to `predict`."""

import io
import os
import random
import zipfile
from collections.abc import Callable
from pathlib import Path

from hostile_cases import Case, Place, predict

from support.video.bombs import (
    MIB,
    bzip2_bomb,
    deflate_bomb,
    lzma_that_asks_for,
    many_names,
    patch,
    with_password,
    write_zip,
)
from tailwise.data.raw import LARGEST_MEMBER

FILE, CLIP = Path("bad.zip"), "action_0/clip_0.mp4"
METHODS = {"deflate": zipfile.ZIP_DEFLATED, "bzip2": zipfile.ZIP_BZIP2, "LZMA": zipfile.ZIP_LZMA}
NOISE = random.Random(0).randbytes(20_000)

Write = Callable[[Place], object]


def changed(**fields: int) -> Write:
    return lambda place: patch(write_zip(FILE, CLIP, NOISE), CLIP, **fields)


def members(*names: str) -> Write:
    def write(place: Place) -> None:
        with zipfile.ZipFile(FILE, "w") as target:
            for name in names:
                target.writestr(name.replace("OUTSIDE", str(place.outside)), NOISE)

    return write


def spoiled(method: int, start: int, count: int) -> Write:
    def write(place: Place) -> None:
        content = bytearray(write_zip(FILE, CLIP, NOISE, method).read_bytes())
        content[start : start + count] = bytes(b ^ 0x5A for b in content[start : start + count])
        FILE.write_bytes(content)

    return write


def cut(place: Place) -> None:
    FILE.write_bytes((place.good / "Valid.zip").read_bytes()[:-60])


def linked(place: Place) -> None:
    """A member that is a link to what is outside, as unzip would make it."""
    link = zipfile.ZipInfo(CLIP)
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(FILE, "w") as target:
        target.writestr(link, str(place.secret))


def nested(place: Place) -> None:
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as target:
        target.writestr(CLIP, NOISE)
    with zipfile.ZipFile(FILE, "w") as target:
        target.writestr("Valid.zip", inner.getvalue())


def renamed(name: str, other: str, times: int = -1) -> Write:
    """The name replaced by one of its length, as often as is said."""

    def write(place: Place) -> None:
        content = write_zip(FILE, CLIP, NOISE).read_bytes()
        FILE.write_bytes(content.replace(name.encode(), other.encode(), times))

    return write


def zip64_of_no_end(place: Place) -> None:
    content = bytearray(write_zip(FILE, CLIP, NOISE).read_bytes())
    content[-6:-2] = b"\xff" * 4
    content[-10:-6] = b"\xff" * 4
    FILE.write_bytes(content)


ZIPS: dict[str, Write] = {
    "empty file": lambda place: FILE.write_bytes(b""),
    "text": lambda place: FILE.write_text("\x1b[31mno zip\n" * 1000),
    "only an end": lambda place: FILE.write_bytes(b"PK\x05\x06" + bytes(18)),
    "an end that asks for more": zip64_of_no_end,
    "cut": cut,
    "table of contents of 16 MiB and more": lambda place: many_names(FILE, 300_000),
    "table of contents of a hundred thousand": lambda place: many_names(FILE, 100_000),
    "password": lambda place: with_password(FILE, CLIP),
    "password beside others": lambda place: (write_zip(FILE, CLIP, NOISE), patch(FILE, CLIP, flags=0x0801)),
    "10 GB in 10 MB": lambda place: deflate_bomb(FILE, CLIP, 10 * 1024, says=2**32 - 2),
    "10 GB that say to be 3 MB": lambda place: deflate_bomb(FILE, CLIP, 10 * 1024, says=3 * MIB),
    "10 GB that say to be as much as is read": lambda place: deflate_bomb(FILE, CLIP, 10 * 1024, says=LARGEST_MEMBER),
    "bzip2 of 200 MB that say to be 3 MB": lambda place: bzip2_bomb(FILE, CLIP, 200, says=3 * MIB),
    "no byte that says to be 500 MB": changed(size=500 * MIB),
    "packed 4 GB": changed(packed=2**32 - 2),
    "packed to nothing": changed(packed=0),
    "another checksum": changed(crc=1),
    "an unknown compression": changed(method=99),
    "Deflate64": changed(method=9),
    "deflate that is none": changed(method=8),
    "bzip2 that is none": changed(method=12),
    "LZMA that is none": changed(method=14),
    **{
        f"LZMA that asks for {size >> 20} MiB": lambda place, size=size: lzma_that_asks_for(FILE, CLIP, size)
        for size in (2**32 - 1, 2**31, 2**26 + 1)
    },
    **{f"{name} with another header": spoiled(method, 49, 12) for name, method in METHODS.items()},
    **{f"{name} spoiled in the middle": spoiled(method, 8000, 300) for name, method in METHODS.items()},
    "members that lead outside": members("../outside/secret.mp4", "OUTSIDE/secret.mp4", "../../etc/passwd"),
    "a foul that leads outside": members("../outside/in/action_0/clip_0.mp4"),
    "an absolute foul": members("OUTSIDE/action_0/clip_0.mp4"),
    "a name with a zero": renamed("action_0/clip_0.mp4", "action_0/clip_\0.mp4"),
    "names that a terminal obeys": members("\x1b]0;title\x07\x1b[2J/action_0/clip_0.mp4"),
    "a name of sixty thousand letters": members("x" * 60_000 + "/action_0/clip_0.mp4"),
    "a foul of a number of 4000 digits": members(f"action_{'9' * 4000}/clip_0.mp4"),
    "a clip of a number of 5000 digits": members(f"action_0/clip_{'9' * 5000}.mp4"),
    "a member that is a link": linked,
    "a zip in a zip": nested,
    "another name where it lies": renamed(CLIP, "../outside/secret..", 1),
    "noise": members(CLIP),
    "noise in two folders": members(f"a/{CLIP}", f"b/{CLIP}"),
    "no clip": members("readme.txt"),
    "a folder for a clip": members(f"{CLIP}/"),
    "a pipe": lambda place: os.mkfifo(FILE),
    "a link to /dev/zero": lambda place: FILE.symlink_to("/dev/zero"),
    "ten GiB of nothing": lambda place: (FILE.touch(), os.truncate(FILE, 10 * 2**30)),
}


def cases() -> list[Case]:
    def given(write: Write) -> Write:
        return lambda place: (write(place), [str(FILE), "--weights", str(place.good / "w.safetensors")])[1]

    return [Case(f"zip: {name}", given(write), predict) for name, write in ZIPS.items()]
