"""Files that somebody sent: names of our own, zips opened within the limits of a request."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path, PurePosixPath

from tailwise.core.errors import to_line
from tailwise.data.raw import BROKEN, bounded_zip, unpacked
from tailwise.serve.limits import Limits

ENDING = re.compile(r"\.[a-z0-9]{1,8}")
TOO_MUCH, WRONG_KIND, UNUSABLE = 413, 415, 422
CONTAINERS = (".zip", ".json", ".npz")
"""Endings of files that hold or list others: how many, and how large unpacked, the limits of a request do not say."""

UNUSUAL = (ValueError, IndexError, OverflowError, struct.error)
"""What zipfile raises besides for tables of contents that make no sense."""
HIDDEN = (".", "__MACOSX")
"""How names begin that systems put beside a user's."""


class Refused(Exception):
    """A request that is not answered. status: of HTTP; the text is one line for its sender"""

    def __init__(self, status: int, text: str):
        super().__init__(to_line(text))
        self.status = status


@dataclass(frozen=True)
class Upload:
    """A file as it was sent. name: of it there, of which the ending alone is used"""

    name: str
    content: bytes


def unzipped(files: Sequence[Upload], limits: Limits) -> list[Upload]:
    """The files, and in the place of a zip those in it. Refused for more files or bytes than a request may have."""
    found: list[Upload] = []
    left = limits.bytes
    for place, file in enumerate(files, 1):
        for each in members(file, f"file{place}.zip", left) if file.name.lower().endswith(".zip") else [file]:
            found.append(each)
            left -= len(each.content)
            if len(found) > limits.files:
                raise Refused(TOO_MUCH, f"more than {limits.files} files, those in zips counted")
    if not found:
        raise Refused(UNUSABLE, "no file in it")
    return found


def members(file: Upload, name: str, most: int) -> Iterator[Upload]:
    """The files of a zip, without folders; Refused for more bytes than `most`, and for a damaged one."""
    try:
        archive = bounded_zip(BytesIO(file.content))
        for info in archive.infolist():
            most -= info.file_size  # unpacked refuses a member that has more
            if most < 0:
                raise Refused(TOO_MUCH, f"{name}: has more bytes unpacked than a request may have")
            if info.filename and not info.is_dir() and not hidden(info.filename):
                yield Upload(info.filename, unpacked(archive, info))
    except (*BROKEN, *UNUSUAL) as error:
        raise Refused(UNUSABLE, f"{name}: cannot be unpacked: {error}") from error


def hidden(name: str) -> bool:
    """Whether a system put it beside somebody's files."""
    return any(part.startswith(HIDDEN) for part in PurePosixPath(name).parts if part != "..")


def local_names(files: Sequence[Upload]) -> list[str]:
    """Names of our own, with the endings of those that were sent; none where an ending is none of a file."""
    endings = [Path(file.name).suffix.lower() for file in files]
    return [f"file{place}{ending if ENDING.fullmatch(ending) else ''}" for place, ending in enumerate(endings, 1)]


def check_endings(files: Sequence[Upload]) -> None:
    """Raise Refused for a file that may hold more than one."""
    for name in local_names(files):
        if name.endswith(CONTAINERS):
            raise Refused(WRONG_KIND, f"{name}: send the files themselves, not one that holds or lists them")


def write(files: Sequence[Upload], folder: Path) -> list[Path]:
    paths = [folder / name for name in local_names(files)]
    for path, file in zip(paths, files):
        path.write_bytes(file.content)
    return paths
