"""The clip store's shards: about 64 clips each, chosen and named by content.

Which clips share a shard depends on the set of clip names alone, and one more clip changes
one shard alone. A shard's key is a hash of all that decides its bytes, code included, so that an
unchanged one is taken from the cache folder and the result does not depend on history.
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
"""What decides a shard's bytes besides clips, window and decoders: its shards in the cache belong to this code."""
SYNCED = 4
"""Rows after which the disk is made to keep up."""
LARGEST = 92
"""Clips in a shard at most. Halved shards hold 46 and full ones 92: 64 on average (ln 2 * 92)."""


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

    root: the data root; clips: {path from there: SHA-256 of the raw bytes, "" if absent}, sorted
    lost: {clip: reason} of those that took their decoder's process along, and are not tried again
    """

    root: Path
    clips: dict[str, str]
    window: Window
    short: Short = "refuse"
    lost: dict[str, str] = field(default_factory=dict)

    def name(self, faults: dict[str, str]) -> str:
        """Name in the store: from the raw bytes of the clips, the window and what could not be used.

        Neither code nor decoders are in it: another version that decodes the same frames makes the same store, and
        training does not run again.
        """
        facts = [str(self.window), self.short, self.clips, faults]
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:16]

    def key(self) -> str:
        """Name in the cache: from the raw bytes of the clips, the window, the decoders and the code."""
        made_by = f"decord {decord.__version__} av {av.__version__} {code_hash()} {self.window} {self.short}"
        return hashlib.sha256(json.dumps([made_by, self.clips, self.lost]).encode()).hexdigest()[:16]

    def without(self, clip: str, reason: str) -> "Shard":
        """The shard with one clip given up."""
        return replace(self, lost={**self.lost, clip: f"decoder {reason}"})


def cached_facts(shard: Shard, cache: Path) -> dict | None:
    """The facts of a shard that is whole in the cache, else None."""
    key = shard.key()
    if not (file := cache / f"{key}.json").exists():
        return None
    facts = json.loads(file.read_text(encoding="utf8"))
    return facts if not facts["rows"] or (cache / f"{key}.npy").exists() else None


def decode_shard(shard: Shard, cache: Path, report: Callable[[str], None]) -> tuple[str, dict]:
    """Decode a shard into the cache: its key and its facts. Says each clip before it is opened.

    Leaves ``<key>.npy`` (rows, frames, height, width, 3) uint8 and ``<key>.json`` in `cache`;
    facts: {"rows": {clip: row}, "faults": {clip: reason}, "clips": {clip: what it is}}.
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
    write_json(cache / f"{key}.json", facts)  # last: its presence says that the array is whole
    return key, facts


class _RowFile:
    """A .npy file that grows row by row; in place when all is written, if not empty.

    A thread writes a row while the next clip is decoded, and tells the disk to keep up, so that memory holds two clips
    and little is left to wait for at the end.
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
        """row: uint8, of the same shape each time; raises what went wrong with the row before"""
        self.written.result()
        if not self.rows:
            self.shape = row.shape
            self._write_header()
        self.rows += 1
        self.written = self.writer.submit(self._write, np.ascontiguousarray(row), self.rows % SYNCED == 0)

    def _write(self, row: np.ndarray, sync: bool) -> None:
        """An error names the file, which a full disk's does not by itself."""
        try:
            self.file.write(row.data)
            if sync:
                self.file.flush()
                os.fdatasync(self.file.fileno())
        except OSError as error:
            raise OSError(error.errno, error.strerror, str(self.path)) from error

    def _write_header(self) -> None:
        """numpy pads it, so that its length does not follow from the number of rows."""
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
    """Remove the half-written files of processes that are gone."""
    remove_parts(cache, alive=is_alive)


def link_or_copy(source: Path, target: Path) -> None:
    """One file in two places without a second copy, where the file system can."""
    target.unlink(missing_ok=True)
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
