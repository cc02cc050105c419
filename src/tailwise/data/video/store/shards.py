"""Shards of the clip store: about 64 clips each, named by a hash of their content.

The assignment of clips to shards depends only on the set of clip names, and one more clip changes one shard only. A
shard's cache key is a hash of everything that determines its bytes, code included, so unchanged shards come from the
cache and the result does not depend on earlier runs.
"""

import functools
import hashlib
import json
import os
import shutil
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import av
import decord
import numpy as np

from tailwise.core.files import is_alive, part_of, remove_parts, write_json
from tailwise.data.raw import RawFile
from tailwise.data.video.decode.container import ClipError
from tailwise.data.video.decode.frames import decode_clip
from tailwise.data.video.decode.window import Short, Window

DECODING = ["container", "decoder_log", "excerpt", "frames", "orientation", "packets", "pictures", "probe", "window"]
VIDEO = Path(__file__).parents[1]
CODE = [*(VIDEO / "decode" / f"{name}.py" for name in DECODING), Path(__file__), VIDEO.parent / "raw.py"]
"""The code that determines a shard's bytes; its hash is part of the cache key."""
SYNCED = 4
"""Rows between two calls of fdatasync."""
LARGEST = 92
"""Maximum clips per shard. Larger ones are halved, so sizes range from 46 to 92: 64 on average (ln 2 * 92)."""


def partition(clips: list[str], depth: int = 0) -> list[list[str]]:
    """Split clip names by the bits of their hashes until no list is longer than LARGEST."""
    if len(clips) <= LARGEST:
        return [sorted(clips)] if clips else []
    halves: tuple[list[str], list[str]] = ([], [])
    for clip in clips:
        bits = int.from_bytes(hashlib.sha256(clip.encode()).digest())
        halves[bits >> (255 - depth) & 1].append(clip)
    return [shard for half in halves for shard in partition(half, depth + 1)]


@functools.cache
def code_hash() -> str:
    return hashlib.sha256(b"\0".join(file.read_bytes() for file in CODE)).hexdigest()


@dataclass(frozen=True)
class Shard:
    """Clips that are decoded together.

    root: the data root; clips: {path relative to it: SHA-256 of the raw bytes, "" if absent}, sorted
    lost: {clip: reason} of the clips that crashed their decoder process; they are not retried
    """

    root: Path
    clips: dict[str, str]
    window: Window
    short: Short = "refuse"
    lost: dict[str, str] = field(default_factory=dict)

    def name(self, faults: dict[str, str]) -> str:
        """Name in the store: a hash of the clips' raw bytes, the window and the faulty clips.

        Does not depend on code or decoder versions: if a new version decodes the same frames, the store is the same and
        training does not rerun.
        """
        facts = [str(self.window), self.short, self.clips, faults]
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:16]

    def key(self) -> str:
        """Name in the cache: a hash of the clips' raw bytes, the window, the decoder versions and the code."""
        made_by = f"decord {decord.__version__} av {av.__version__} {code_hash()} {self.window} {self.short}"
        return hashlib.sha256(json.dumps([made_by, self.clips, self.lost]).encode()).hexdigest()[:16]

    def without(self, clip: str, reason: str) -> "Shard":
        """The shard with one clip marked as lost."""
        return replace(self, lost={**self.lost, clip: f"decoder {reason}"})


def cached_facts(shard: Shard, cache: Path) -> dict | None:
    """The facts of a shard if the cache has it complete, else None."""
    key = shard.key()
    if not (file := cache / f"{key}.json").exists():
        return None
    facts = json.loads(file.read_text(encoding="utf8"))
    return facts if not facts["rows"] or (cache / f"{key}.npy").exists() else None


def decode_shard(shard: Shard, cache: Path, report: Callable[[str], None]) -> tuple[str, dict]:
    """Decode a shard into the cache; returns its key and facts. Calls `report` with each clip before opening it.

    Writes ``<key>.npy`` (rows, frames, height, width, 3) uint8 and ``<key>.json`` to `cache`;
    facts: {"rows": {clip: row}, "faults": {clip: reason}, "clips": {clip: properties}}.
    """
    key, faults, clips = shard.key(), dict(shard.lost), {}
    with _RowFile(cache / f"{key}.npy") as rows:
        for clip in shard.clips:
            if clip in shard.lost:
                continue
            report(clip)
            try:
                frames, facts = decode_clip(RawFile(shard.root, clip), shard.window, shard.short)
            except ClipError as reason:
                faults[clip] = str(reason)
            else:
                rows.append(frames)
                clips[clip] = asdict(facts)
    facts = {"rows": {clip: row for row, clip in enumerate(clips)}, "faults": faults, "clips": clips}
    write_json(cache / f"{key}.json", facts)  # written last: its presence marks the array as complete
    return key, facts


class _RowFile:
    """Writes a .npy file row by row; moves it into place at the end, unless it is empty.

    A thread writes and syncs one row while the next clip is decoded, so memory holds two clips and the final sync is
    short.
    """

    def __init__(self, path: Path):
        self.path, self.part = path, part_of(path)
        self.rows, self.shape = 0, ()

    def __enter__(self) -> "_RowFile":
        self.file = open(self.part, "wb")
        self.writer, self.written = ThreadPoolExecutor(1), Future()
        self.written.set_result(None)
        return self

    def append(self, row: np.ndarray) -> None:
        """row: uint8, the same shape each time; re-raises an error of the previous write"""
        self.written.result()
        if not self.rows:
            self.shape = row.shape
            self._write_header()
        self.rows += 1
        self.written = self.writer.submit(self._write, np.ascontiguousarray(row), self.rows % SYNCED == 0)

    def _write(self, row: np.ndarray, sync: bool) -> None:
        """Write one row; adds the file name to an OSError, which a full disk does not report."""
        try:
            self.file.write(row.data)
            if sync:
                self.file.flush()
                os.fdatasync(self.file.fileno())
        except OSError as error:
            raise OSError(error.errno, error.strerror, str(self.path)) from error

    def _write_header(self) -> None:
        """Write the header, which numpy pads, so its length does not depend on the number of rows."""
        what = {"descr": "|u1", "fortran_order": False, "shape": (self.rows, *self.shape)}
        np.lib.format.write_array_header_1_0(self.file, what)

    def __exit__(self, kind, *error) -> None:
        self.writer.shutdown()
        try:
            with self.file:
                if self.rows and kind is None:
                    self._finish()
        finally:
            self.part.unlink(missing_ok=True)

    def _finish(self) -> None:
        self.written.result()
        self.file.seek(0)
        self._write_header()
        self.file.flush()
        os.fsync(self.file.fileno())
        os.replace(self.part, self.path)


def clear_parts(cache: Path) -> None:
    """Remove partial files of dead processes."""
    remove_parts(cache, alive=is_alive)


def link_or_copy(source: Path, target: Path) -> None:
    """Hard-link a file; copy it where the file system has no hard links."""
    target.unlink(missing_ok=True)
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
