"""Content hashes (SHA-256) of the raw files."""

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from tailwise.core.tables import column
from tailwise.data.raw import SMALLEST_CLIP, DamagedFile, RawFile
from tailwise.data.tables.rows import Index

CHUNK = 16
"""Files per unit of work for a hashing thread."""


def content(raw: RawFile) -> tuple[str, int]:
    """SHA-256 of a file in hex, and its size in bytes; "" and 0 if the file is absent or cannot be unpacked."""
    if not raw.exists():
        return "", 0
    try:
        source = raw.source()
    except DamagedFile:
        return "", 0
    with open(source, "rb") if isinstance(source, str) else source as file:
        return hashlib.file_digest(file, "sha256").hexdigest(), file.seek(0, os.SEEK_END)


def fill_content(index: Index, root: Path, smallest: int = SMALLEST_CLIP) -> tuple[Index, set[str]]:
    """The index with the column `content` filled, and the hashes of files below `smallest` bytes.

    Reads each file once. Uses threads, because hashing releases the GIL.
    """
    paths = list(dict.fromkeys(path for rows in index.rows.values() for path in rows["path"]))
    chunks = [paths[start : start + CHUNK] for start in range(0, len(paths), CHUNK)]
    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        parts = pool.map(lambda chunk: [(path, content(RawFile(root, path))) for path in chunk], chunks)
        found = dict(pair for part in parts for pair in part)
    digests = {path: digest for path, (digest, _) in found.items()}
    rows = {split: rows.assign(content=column(rows, "path").map(digests)) for split, rows in index.rows.items()}
    return replace(index, rows=rows), {digest for digest, size in found.values() if size < smallest}
