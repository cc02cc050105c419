"""Unpack a tar archive, whole or in numbered parts, into one folder; goes on where it was broken off."""

import io
import lzma
import os
import shutil
import tarfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from tailwise.core.errors import UserError
from tailwise.core.files import is_alive, part_of, remove_parts
from tailwise.data.download.parts import Joined
from tailwise.data.tables.spelling import quote

BROKEN = (tarfile.TarError, zlib.error, lzma.LZMAError, EOFError)
HIDDEN = "."
"""How names begin that systems put beside a user's."""


@dataclass(frozen=True)
class Unpacked:
    """Numbers of files. written: now; kept: those that were there with the size that they have in the archive"""

    written: int
    kept: int


def unpack(parts: list[Path], folder: Path, advance: Callable[[int], None]) -> Unpacked:
    """Write the archive's files into the folder, by their names without folders. advance: called with bytes read

    A file is written beside its place and then moved there, so one that is there is whole, and is not written again.
    Raises UserError for a damaged archive, and for one with links, or with two files of one name.
    """
    folder.mkdir(parents=True, exist_ok=True)
    remove_parts(folder, alive=is_alive)
    seen: set[str] = set()
    written = 0
    joined = Joined(parts)
    try:
        with tarfile.open(fileobj=io.BufferedReader(joined, 2**20), mode="r|*") as archive:
            before = 0
            for member in archive:
                if (name := _name(parts[0], member)) and name not in seen:
                    seen.add(name)
                    written += _write(archive, member, folder / name)
                elif name:
                    raise UserError(f"{parts[0]}: has two files named {name}: unpack it with tar")
                advance(joined.place - before)
                before = joined.place
            if not seen:
                raise UserError(f"{parts[0]}: has no file in it: is it a tar archive?")
    except BROKEN as error:
        raise UserError(_damage(parts, joined, error)) from error
    finally:
        joined.close()
    return Unpacked(written, len(seen) - written)


def _name(archive: Path, member: tarfile.TarInfo) -> str:
    """The name that a member gets, "" if it is none to write."""
    name = PurePosixPath(member.name).name
    if member.isdir() or name.startswith(HIDDEN):
        return ""
    if not member.isreg():
        raise UserError(f"{archive}: {quote(member.name)} is no plain file but a link or a device: unpack it with tar")
    return name


def _write(archive: tarfile.TarFile, member: tarfile.TarInfo, target: Path) -> bool:
    """Whether the member had to be written."""
    if target.is_file() and target.stat().st_size == member.size:
        return False
    source, part = archive.extractfile(member), part_of(target)
    assert source is not None  # it is a plain file
    try:
        with open(part, "wb") as file:
            shutil.copyfileobj(source, file)
        os.replace(part, target)
    finally:
        part.unlink(missing_ok=True)
    return True


def _damage(parts: list[Path], joined: Joined, error: BaseException) -> str:
    """What to download again: the part whose size is not that of the others, else the one that was being read."""
    sizes = [part.stat().st_size for part in parts]
    odd = [part for part, size in zip(parts[:-1], sizes) if size != sizes[0]]
    if joined.place == 0 or (not odd and joined.nth == 0 and "not a" in str(error)):
        return f"{parts[0]}: is no tar archive, nor the first part of one: {error}"
    if odd:
        return f"{odd[0]}: has {odd[0].stat().st_size} bytes where the first part has {sizes[0]}: download it again"
    return f"{joined.part}: the archive ends early or is damaged there: download this part again; the rest is kept"
