"""The clip store's shards: about 64 clips each, chosen and named by content.

Which clips share a shard depends on the set of clip names alone, and one more clip changes
one shard alone. A shard's name is a hash of all that decides its bytes, so that an
unchanged one is taken from the cache folder and the result does not depend on history.
"""

import hashlib
import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import decord
import numpy as np

from tailwise.core.files import write_json
from tailwise.data.decode.window import Faulty, Window, decode_window

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


@dataclass(frozen=True)
class Shard:
    """Clips that are decoded together. root: the data root; clips: paths from there, sorted."""

    root: Path
    clips: tuple[str, ...]
    window: Window

    def key(self) -> str:
        """Name from the raw bytes of the clips, the window and the decoder."""
        digest = hashlib.sha256(f"{decord.__version__} {self.window}".encode())
        for clip in self.clips:
            path = self.root / clip
            content = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "absent"
            digest.update(f"\0{clip}\0{content}".encode())
        return digest.hexdigest()[:16]


def decode_shard(shard: Shard, cache: Path) -> tuple[str, dict, bool]:
    """The shard's key, its facts, and whether it had to be decoded.

    Leaves ``<key>.npy`` (rows, frames, height, width, 3) uint8 and ``<key>.json`` in `cache`;
    facts: {"rows": {clip: row}, "faults": {clip: reason}}.
    """
    key = shard.key()
    facts_file = cache / f"{key}.json"
    if facts_file.exists():
        return key, json.loads(facts_file.read_text()), False
    frames, faults = {}, {}
    for clip in shard.clips:
        try:
            frames[clip] = decode_window(shard.root / clip, shard.window)
        except Faulty as reason:
            faults[clip] = str(reason)
    facts = {"rows": {clip: row for row, clip in enumerate(frames)}, "faults": faults}
    if frames:
        _write_array(cache / f"{key}.npy", np.stack(list(frames.values())))
    write_json(facts_file, facts)  # last: its presence says that the array is whole
    return key, facts, True


def _write_array(path: Path, array: np.ndarray) -> None:
    part = path.with_name(f".{path.name}.{os.getpid()}")
    with open(part, "wb") as file:
        np.save(file, array)
    os.replace(part, path)


def link_or_copy(source: Path, target: Path) -> None:
    """One file in two places without a second copy, where the file system can."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
