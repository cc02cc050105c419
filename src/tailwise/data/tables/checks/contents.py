"""Content hashes (SHA-256) of the raw files."""

import hashlib
import os
from collections.abc import Iterable
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


def contents_of(root: Path, paths: Iterable[str]) -> dict[str, tuple[str, int]]:
    """{path: `content` of the file}. Reads each file once, in threads, because hashing releases the GIL."""
    once = list(dict.fromkeys(paths))
    chunks = [once[start : start + CHUNK] for start in range(0, len(once), CHUNK)]
    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        parts = pool.map(lambda chunk: [(path, content(RawFile(root, path))) for path in chunk], chunks)
        return dict(pair for part in parts for pair in part)


def fill_content(index: Index, root: Path, smallest: int = SMALLEST_CLIP) -> tuple[Index, set[str]]:
    """The index with the column `content` filled, and the hashes of files below `smallest` bytes.

    Files whose content the reader has filled in are not read again.
    """
    filled = (rows for rows in index.rows.values() if "content" in rows)
    pairs = (pair for rows in filled for pair in zip(rows["path"], rows["content"]))
    known = {path: (digest, raw.size()) for path, digest in pairs if digest and (raw := RawFile(root, path)).exists()}
    found = contents_of(root, (path for rows in index.rows.values() for path in rows["path"] if path not in known))
    found |= known
    digests = {path: digest for path, (digest, _) in found.items()}
    rows = {split: rows.assign(content=column(rows, "path").map(digests)) for split, rows in index.rows.items()}
    return replace(index, rows=rows), {digest for digest, size in found.values() if size < smallest}
