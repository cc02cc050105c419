"""Shards of the clip store: about 64 clips each, named by a hash of their content, see `data.shards`."""

import functools
import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import av
import decord

from tailwise.core.files import write_json
from tailwise.data.raw import RawFile
from tailwise.data.shards.cache import hash_of
from tailwise.data.shards.rows import RowFile
from tailwise.data.video.decode.container import ClipError
from tailwise.data.video.decode.frames import Cut, decode_clip
from tailwise.data.video.decode.window import Short

DECODING = [
    "container",
    "decoder_log",
    "excerpt",
    "frames",
    "orientation",
    "packets",
    "pictures",
    "probe",
    "spread",
    "window",
]
VIDEO = Path(__file__).parents[1]
DATA = VIDEO.parent
CODE = [
    *(VIDEO / "decode" / f"{name}.py" for name in DECODING),
    Path(__file__),
    VIDEO / "sampling.py",
    DATA / "raw.py",
    *(DATA / "shards" / f"{name}.py" for name in ("cache", "rows")),
]
"""The code that determines a shard's bytes; its hash is part of the cache key."""


@functools.cache
def code_hash() -> str:
    return hash_of(CODE)


@dataclass(frozen=True)
class Shard:
    """Clips that are decoded together.

    root: the data root; clips: {path relative to it: SHA-256 of the raw bytes, "" if absent}, sorted
    lost: {clip: reason} of the clips that crashed their decoder process; they are not retried
    """

    root: Path
    clips: dict[str, str]
    window: Cut
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


def decode_shard(shard: Shard, cache: Path, report: Callable[[str], None]) -> tuple[str, dict]:
    """Decode a shard into the cache; returns its key and facts. Calls `report` with each clip before opening it.

    Writes ``<key>.npy`` (rows, frames, height, width, 3) uint8 and ``<key>.json`` to `cache`;
    facts: {"rows": {clip: row}, "faults": {clip: reason}, "clips": {clip: properties}}.
    """
    key, faults, clips = shard.key(), dict(shard.lost), {}
    with RowFile(cache / f"{key}.npy") as rows:
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
