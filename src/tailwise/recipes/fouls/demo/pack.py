"""Pack a folder into a reproducible zip."""

import shutil
import zipfile
from pathlib import Path

OLDEST = (1980, 1, 1, 0, 0, 0)
UNIX, READABLE = 3, 0o100644 << 16


def pack(folder: Path) -> Path:
    """Move a folder's files into ``<folder>.zip``, in order of their names, uncompressed and without dates."""
    archive = folder.with_name(f"{folder.name}.zip")
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED) as target:
        for file in sorted(path for path in folder.rglob("*") if path.is_file()):
            member = zipfile.ZipInfo(file.relative_to(folder).as_posix(), OLDEST)
            member.create_system, member.external_attr = UNIX, READABLE
            target.writestr(member, file.read_bytes())
    shutil.rmtree(folder)
    return archive
