"""Access raw files by path relative to the data root; it may lead into a zip: ``Train.zip/action_0/clip_0.mp4``.

DVC handles a few zips much faster than thousands of folders.
"""

import bz2
import copy
import errno
import io
import lzma
import zipfile
import zlib
from collections.abc import Callable, Iterator
from functools import cached_property, lru_cache
from pathlib import Path, PurePosixPath
from typing import cast

from tailwise.core.errors import UserError

BROKEN = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, RuntimeError, NotImplementedError)
"""Exceptions of zipfile for a damaged zip, a password, or an unknown compression."""
LARGEST_MEMBER = 2**29
"""Bytes. A file in a zip is held in memory while it is decoded; unpack larger ones."""
LARGEST_CONTENTS = 2**24
"""Bytes of a zip's table of contents, enough for about 150,000 files."""
LARGEST_DICTIONARY = 2**26
"""Maximum LZMA dictionary size in bytes, that of 7-Zip's highest level."""
AT_ONCE = 2**20
"""Bytes unpacked at a time."""
ENCRYPTED = 1
"""Flag bit of an encrypted member. Source: APPNOTE.TXT 4.4.4"""
SMALLEST_CLIP = 512
"""Bytes. A smaller file contains no frame; the official data have identical stubs of 262 bytes."""


class DamagedFile(UserError):
    """A zip member that cannot be unpacked. reason: the cause"""

    def __init__(self, file: Path, reason: str):
        super().__init__(f"{file}: {reason}; unpack the zip with a tool that can")
        self.reason = reason


class RawFile:
    """One raw file, in a folder or in a zip. root: the data root; path: relative to it, with forward slashes."""

    def __init__(self, root: Path, path: str):
        self.root, self.path = root, path

    @cached_property
    def _archived(self) -> tuple[zipfile.ZipFile, str] | None:
        """The zip and the member's name, if the path leads into a zip."""
        parts = PurePosixPath(self.path).parts
        for depth, part in enumerate(parts[:-1], start=1):
            archive = self.root.joinpath(*parts[:depth])
            if part.lower().endswith(".zip") and is_file(archive):
                return open_zip(archive, archive.stat().st_mtime_ns), "/".join(parts[depth:])
        return None

    def exists(self) -> bool:
        if self._archived is None:
            return is_file(self.root / self.path)
        archive, member = self._archived
        return member in archive.NameToInfo

    def size(self) -> int:
        """Size in bytes, for a zip member as its header states; FileNotFoundError if absent."""
        if not self.exists():
            raise FileNotFoundError(2, "No such file", self.path)
        if self._archived is None:
            return (self.root / self.path).stat().st_size
        archive, member = self._archived
        return archive.NameToInfo[member].file_size

    def read(self) -> bytes:
        """The content; FileNotFoundError if absent, DamagedFile if it cannot be unpacked."""
        if not self.exists():
            raise FileNotFoundError(2, "No such file", self.path)
        if self._archived is None:
            return (self.root / self.path).read_bytes()
        archive, member = self._archived
        try:
            return unpacked(archive, archive.NameToInfo[member])
        except BROKEN as error:
            raise DamagedFile(self.root / self.path, str(error)) from error

    def source(self) -> str | io.BytesIO:
        """Input for a decoder: a path, so that long videos are not read into memory, or bytes from a zip."""
        return str(self.root / self.path) if self._archived is None else io.BytesIO(self.read())


def is_file(path: Path) -> bool:
    """Path.is_file, but False for a name that is too long."""
    try:
        return path.is_file()
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            return False
        raise


@lru_cache(maxsize=16)
def open_zip(archive: Path, changed_ns: int) -> zipfile.ZipFile:
    """Open a zip once per process and file version; UserError if it is not a zip or is encrypted."""
    try:
        opened = bounded_zip(io.FileIO(archive))
    except BROKEN as error:
        raise UserError(f"{archive}: {error}; download or pack it again") from error
    if any(member.flag_bits & ENCRYPTED for member in opened.filelist):
        how = f"unzip -P PASSWORD {archive.name} -d {archive.stem}, or 7z x {archive.name}"
        raise UserError(f"{archive}: has a password: unpack it first, as by {how}, and give the folder")
    return opened


def bounded_zip(file: io.RawIOBase | io.BytesIO) -> zipfile.ZipFile:
    """A zip whose table of contents is not read where it is larger than LARGEST_CONTENTS; raises one of BROKEN."""
    return zipfile.ZipFile(_Bounded(cast(io.RawIOBase, file)))


class _Bounded(io.BufferedReader):
    """A file that refuses to read a table of contents larger than LARGEST_CONTENTS."""

    def read(self, size: int | None = -1) -> bytes:
        if size is not None and size > LARGEST_CONTENTS:
            raise zipfile.BadZipFile(f"its table of contents is larger than {LARGEST_CONTENTS >> 20} MiB")
        return super().read(size)


def unpacked(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    """The content of a member; BadZipFile if it exceeds LARGEST_MEMBER or the size that its header states.

    Counts the unpacked bytes, since the stated size may be wrong.
    """
    if member.file_size > LARGEST_MEMBER:
        limit = f"a file of more than {LARGEST_MEMBER >> 20} MiB is not read from a zip"
        raise zipfile.BadZipFile(f"{member.file_size} bytes: {limit}")
    opened, content = UNPACK.get(member.compress_type, _by_zipfile), io.BytesIO()
    for piece in opened(archive, member):
        if content.tell() + len(piece) > member.file_size:
            raise zipfile.BadZipFile(f"it has more than the {member.file_size} bytes that the zip says")
        content.write(piece)
    if zlib.crc32(content.getbuffer()) != member.CRC:
        raise zipfile.BadZipFile("its checksum is not the one in the zip")
    return content.getvalue()


def _by_zipfile(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Iterator[bytes]:
    with archive.open(member) as file:
        while piece := file.read(AT_ONCE):
            yield piece


def _packed(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Iterator[bytes]:
    """The compressed bytes of a member."""
    stored = copy.copy(member)
    stored.compress_type, stored.file_size = zipfile.ZIP_STORED, member.compress_size
    stored.CRC = None  # pyright: ignore[reportAttributeAccessIssue] - makes zipfile skip the check
    return _by_zipfile(archive, stored)


def _by_bzip2(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Iterator[bytes]:
    return _in_pieces(bz2.BZ2Decompressor(), _packed(archive, member))


def _by_lzma(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Iterator[bytes]:
    """Source of the header: APPNOTE.TXT 5.8.8; of its properties: the LZMA SDK's lzma-specification.txt"""
    packed = _packed(archive, member)
    first = next(packed, b"")
    size = int.from_bytes(first[2:4], "little")
    if size != 5 or len(first) < 4 + size or first[4] >= 9 * 5 * 5:
        raise zipfile.BadZipFile("not packed by LZMA")
    (positions, lc), dictionary = divmod(first[4], 9), int.from_bytes(first[5:9], "little")
    if dictionary > LARGEST_DICTIONARY:
        limit = f"at most {LARGEST_DICTIONARY >> 20} MiB is given"
        raise zipfile.BadZipFile(f"its LZMA header asks for {dictionary >> 20} MiB of memory: {limit}")
    how = {"dict_size": dictionary, "lc": lc, "lp": positions % 5, "pb": positions // 5}
    decompressor = lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=[{"id": lzma.FILTER_LZMA1, **how}])
    return _in_pieces(decompressor, _chain(first[4 + size :], packed))


def _chain(first: bytes, others: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from others


def _in_pieces(decompressor, packed: Iterator[bytes]) -> Iterator[bytes]:
    """Decompress in bounded pieces; zipfile would expand a few kilobytes to gigabytes at once."""
    for data in packed:
        while not decompressor.eof and (data or not decompressor.needs_input):
            yield decompressor.decompress(data, AT_ONCE)
            data = b""


UNPACK: dict[int, Callable[[zipfile.ZipFile, zipfile.ZipInfo], Iterator[bytes]]] = {
    zipfile.ZIP_BZIP2: _by_bzip2,
    zipfile.ZIP_LZMA: _by_lzma,
}
"""{compression: decompressor}; zipfile itself handles the others in bounded pieces."""
