"""The commands `download` and `unpack`: raw data from URLs, and from an archive in numbered parts."""

from pathlib import Path

from tailwise.core.errors import UserError
from tailwise.core.stage.progress import Progress
from tailwise.data.download.fetch import Patience, fetch
from tailwise.data.download.listing import read_list
from tailwise.data.download.parts import find_parts
from tailwise.data.download.unpack import unpack

MIB = 2**20


def download(listing: Path, folder: Path, patience: Patience) -> None:
    """Fetch every file of the list that is not in the folder; UserError in the end that names what is missing."""
    wanted = read_list(listing)
    failed: list[str] = []
    fetched = 0
    known = sum(each.size or 0 for each in wanted)
    with Bytes("download", known) as progress:
        for each in wanted:
            try:
                fetched += fetch(each, folder, patience, progress.advance)
            except UserError as error:
                failed.append(str(error))
    print(f"{folder}: {fetched} of {len(wanted)} files downloaded, {len(wanted) - fetched - len(failed)} were there")
    if failed:
        raise UserError(f"{len(failed)} of {len(wanted)} files are missing: {'; '.join(failed[:3])}")


def unpack_parts(place: Path, folder: Path) -> None:
    """Unpack the archive whose parts are in a folder, or of which one part is named."""
    parts = find_parts(place)
    with Bytes("unpack", sum(part.stat().st_size for part in parts)) as progress:
        done = unpack(parts, folder, progress.advance)
    print(f"{folder}: {done.written} files unpacked from {len(parts)} parts, {done.kept} were there")


class Bytes:
    """Progress in MiB, counted in bytes."""

    def __init__(self, label: str, total: int):
        self.progress, self.bytes = Progress(label, -(-total // MIB), "MiB"), 0

    def __enter__(self) -> "Bytes":
        self.progress.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self.progress.__exit__(*error)

    def advance(self, count: int) -> None:
        before = self.bytes // MIB
        self.bytes += count
        if (more := self.bytes // MIB - before) > 0:
            self.progress.advance(more)
