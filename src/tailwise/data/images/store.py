"""Build the image store of a split: squares of uint8 in shards, a manifest of the usable samples, and the faults.

``manifest.csv`` is the split's index table without the samples that cannot be used, plus the columns `shard` and `row`,
which locate a picture. ``quarantine.csv`` lists these with the reason. ``canvas.json`` says how pictures were fitted.
"""

import functools
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path

import numpy as np
import PIL
import resvg_py

from tailwise.core.errors import UserError
from tailwise.core.files import write_csv, write_json
from tailwise.core.stage.progress import Progress
from tailwise.core.system.guarded import map_guarded
from tailwise.data.images.canvas import Canvas
from tailwise.data.images.picture import PictureError
from tailwise.data.shards.cache import Finished, clear_parts, finish, hash_of, link_or_copy
from tailwise.data.shards.partition import partition
from tailwise.data.shards.rows import RowFile

TIMEOUT_S = 20.0
"""Of a picture. One takes milliseconds."""
MODULES = ("picture", "raster", "vector", "canvas", "store")
ROOM = Path(__file__).parent
CODE = [
    *(ROOM / f"{name}.py" for name in MODULES),
    *(ROOM.parent / "shards" / f"{name}.py" for name in ("cache", "partition", "rows")),
]
"""The code that determines a shard's bytes; its hash is part of the cache key."""

Opener = Callable[[str], bytes]
"""From a path of the index to the file's content, "" for one that is not there. Given to other processes."""


@functools.cache
def code_hash() -> str:
    return hash_of(CODE)


@dataclass(frozen=True)
class Shard:
    """Pictures that are read together.

    pictures: {path: SHA-256 of the file}, sorted; lost: {path: reason} of those that crashed a process, or hang
    """

    pictures: dict[str, str]
    canvas: Canvas
    lost: dict[str, str] = field(default_factory=dict)

    def name(self, faults: dict[str, str]) -> str:
        """Name in the store: a hash of the files, the canvas and the faults, not of the code."""
        facts = [asdict(self.canvas), self.pictures, faults]
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:16]

    def key(self) -> str:
        """Name in the cache: a hash of the files, the canvas, the versions of Pillow and resvg, and the code."""
        made_by = f"pillow {PIL.__version__} resvg_py {resvg_py.__version__} {code_hash()} {self.canvas}"
        return hashlib.sha256(json.dumps([made_by, self.pictures, self.lost]).encode()).hexdigest()[:16]

    def without(self, path: str, reason: str) -> "Shard":
        """The shard with one picture marked as lost."""
        return replace(self, lost={**self.lost, path: reason})


@dataclass(frozen=True)
class Store:
    """faults: {path: reason}; notes: {path: what is to be known of it}; shards: number, made: not from the cache"""

    faults: dict[str, str]
    notes: dict[str, str]
    shards: int
    made: int


def build_store(
    rows: Sequence[Mapping[str, str]], opener: Opener, canvas: Canvas, folder: Path, cache: Path, workers: int
) -> Store:
    """Read one split's pictures into `folder`. rows: of its index table; workers: processes

    Raises UserError if no picture can be used.
    """
    cache.mkdir(parents=True, exist_ok=True)
    clear_parts(cache)
    content = {row["path"]: row["content"] for row in rows}
    shards = [Shard({path: content[path] for path in paths}, canvas) for paths in partition(list(content))]
    done, made = finish(shards, cache, lambda waiting: _read(waiting, opener, cache, workers, folder.name))
    faults = {path: reason for _, facts in done for path, reason in facts["faults"].items()}
    names = {key: shard.name(facts["faults"]) for shard, (key, facts) in zip(shards, done)}
    places = {path: (names[key], row) for key, facts in done for path, row in facts["rows"].items()}
    if not places:
        raise UserError(f"no picture of the split {folder.name} can be used: {next(iter(faults.values()), 'none')}")
    _write(folder, rows, places, faults, canvas)
    for key, facts in done:
        if facts["rows"]:
            link_or_copy(cache / f"{key}.npy", folder / f"{names[key]}.npy")
    notes = {path: note for _, facts in done for path, note in facts["notes"].items()}
    return Store(dict(sorted(faults.items())), notes, len(shards), made)


def _read(shards: list[Shard], opener: Opener, cache: Path, workers: int, label: str) -> Iterator[tuple[int, Finished]]:
    with Progress(label, sum(len(shard.pictures) for shard in shards), "images") as progress:
        work = partial(read_shard, cache=cache, opener=opener)
        yield from map_guarded(work, shards, workers, TIMEOUT_S, Shard.without, progress.advance)


def read_shard(shard: Shard, report: Callable[[str], None], cache: Path, opener: Opener) -> Finished:
    """Read a shard's pictures into the cache; returns its key and facts. Calls `report` with each path before it.

    Writes ``<key>.npy`` (rows, size, size, 3) uint8 and ``<key>.json`` to `cache`;
    facts: {"rows": {path: row}, "faults": {path: reason}, "notes": {path: text}}.
    """
    key, faults, notes, placed = shard.key(), dict(shard.lost), {}, []
    with RowFile(cache / f"{key}.npy") as rows:
        for path in (path for path in shard.pictures if path not in shard.lost):
            report(path)
            try:
                square, picture = shard.canvas.read(_opened(opener, path))
            except PictureError as reason:
                faults[path] = str(reason)
            else:
                rows.append(np.asarray(square))
                placed.append(path)
                notes |= {path: "; ".join(picture.notes)} if picture.notes else {}
    facts = {"rows": {path: row for row, path in enumerate(placed)}, "faults": faults, "notes": notes}
    write_json(cache / f"{key}.json", facts)  # written last: its presence marks the array as complete
    return key, facts


def _opened(opener: Opener, path: str) -> bytes:
    try:
        return opener(path)
    except FileNotFoundError:
        raise PictureError("absent") from None
    except UserError as error:
        raise PictureError(f"cannot be read: {error}") from error


def _write(
    folder: Path,
    rows: Sequence[Mapping[str, str]],
    places: Mapping[str, tuple[str, int]],
    faults: Mapping[str, str],
    canvas: Canvas,
) -> None:
    kept = [[*row.values(), *places[row["path"]]] for row in rows if row["path"] in places]
    lost = [[row["sample"], row["path"], faults[row["path"]]] for row in rows if row["path"] not in places]
    write_csv(folder / "manifest.csv", [*rows[0], "shard", "row"], kept)
    write_csv(folder / "quarantine.csv", ["sample", "path", "reason"], lost)
    write_json(folder / "canvas.json", asdict(canvas))
