"""Unpack a tar archive, whole or in numbered parts, into one folder; goes on where it was broken off."""

import io
import lzma
import os
import shutil
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from tarfile import HeaderError, TarError, TarFile, TarInfo
from tarfile import open as open_archive

from tailwise.core.errors import UserError
from tailwise.core.files import is_alive, part_of, remove_parts
from tailwise.data.download.parts import Joined
from tailwise.data.tables.spelling import quote

BROKEN = (TarError, zlib.error, lzma.LZMAError, EOFError)
END_MARK = "end of file header"
"""What tarfile says of a block of zeros; it takes any other fault of a header for the archive's end too."""
HIDDEN = "."
"""How names begin that systems put beside a user's."""


class _Member(TarInfo):
    """A member whose header must be whole, or the archive's end mark."""

    @classmethod
    def fromtarfile(cls, tarfile: TarFile) -> TarInfo:
        try:
            return super().fromtarfile(tarfile)
        except HeaderError as error:
            if str(error) == END_MARK:
                raise
            raise EOFError(str(error)) from error


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
        with open_archive(fileobj=io.BufferedReader(joined, 2**20), mode="r|*", tarinfo=_Member) as archive:
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
        raise UserError(_damage(parts, joined, bool(seen))) from error
    finally:
        joined.close()
    return Unpacked(written, len(seen) - written)


def _name(archive: Path, member: TarInfo) -> str:
    """The name that a member gets, "" if it is none to write."""
    name = PurePosixPath(member.name).name
    if member.isdir() or name.startswith(HIDDEN):
        return ""
    if not member.isreg():
        raise UserError(f"{archive}: {quote(member.name)} is no plain file but a link or a device: unpack it with tar")
    return name


def _write(archive: TarFile, member: TarInfo, target: Path) -> bool:
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


def _damage(parts: list[Path], joined: Joined, begun: bool) -> str:
    """What to download again. begun: whether a file was found before the damage"""
    if not begun:
        return f"{parts[0]}: is no tar archive, nor the first part of one"
    return f"{joined.part}: the archive ends early or is damaged there: download this part again; the rest is kept"
