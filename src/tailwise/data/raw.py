"""Raw files by their path from the data root, which may lead into a zip: ``Train.zip/action_0/clip_0.mp4``.

A few large files cost DVC next to nothing where thousands of folders cost seconds.
"""

import errno
import io
import lzma
import zipfile
import zlib
from functools import cached_property, lru_cache
from pathlib import Path, PurePosixPath

from tailwise.core.errors import UserError

BROKEN = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, RuntimeError, NotImplementedError)
"""What zipfile raises for a damaged zip, a password, a compression it does not know."""
SMALLEST_CLIP = 512
"""Bytes. A smaller file holds no frame: the stubs of 262 bytes in the official data are all alike."""


class DamagedFile(UserError):
    """A file that is in its zip, but cannot be taken out."""


class RawFile:
    """One raw file, in a folder or in a zip. root: the data root; path: from there, with forward slashes."""

    def __init__(self, root: Path, path: str):
        self.root, self.path = root, path

    @cached_property
    def _archived(self) -> tuple[zipfile.ZipFile, str] | None:
        """The zip and the member's name, if a part of the path is a zip."""
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

    def read(self) -> bytes:
        """The content; FileNotFoundError if absent, DamagedFile if the zip does not give it."""
        if not self.exists():
            raise FileNotFoundError(2, "No such file", self.path)
        if self._archived is None:
            return (self.root / self.path).read_bytes()
        archive, member = self._archived
        try:
            return archive.read(member)
        except BROKEN as error:
            raise DamagedFile(f"{self.root / self.path}: {error}; unpack the zip with a tool that can") from error

    def source(self) -> str | io.BytesIO:
        """What a decoder opens: a path, so that a long video is never held whole, or the bytes from a zip."""
        return str(self.root / self.path) if self._archived is None else io.BytesIO(self.read())


def is_file(path: Path) -> bool:
    """As Path.is_file; False, too, for a name that is longer than any file's can be."""
    try:
        return path.is_file()
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            return False
        raise


@lru_cache(maxsize=16)
def open_zip(archive: Path, changed_ns: int) -> zipfile.ZipFile:
    """A zip, opened once per process and version of the file; UserError if it is none."""
    try:
        return zipfile.ZipFile(archive)
    except BROKEN as error:
        raise UserError(f"{archive}: {error}; download or pack it again") from error
