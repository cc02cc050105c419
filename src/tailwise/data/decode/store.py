"""A split's clip store: its shards, and a manifest of the samples that can be used.

``manifest.csv`` is the index table of the split without its faulty clips, and with the
columns `shard` and `row` that say where a view's frames lie.
"""

from collections.abc import Iterable
from functools import partial
from pathlib import Path

from tailwise.core.errors import UserError
from tailwise.core.files import write_csv
from tailwise.core.processes import map_in_processes
from tailwise.data.decode.shards import Shard, decode_shard, link_or_copy, partition
from tailwise.data.decode.window import Window

Row = dict[str, str]


def build_store(
    root: Path, rows: list[Row], window: Window, folder: Path, cache: Path, workers: int
) -> tuple[dict[str, str], dict[str, int]]:
    """Decode one split's clips into `folder`, whose name is the split's.

    rows: index table, one a view. Returns {clip: reason} of the faulty clips, and how many
    shards there are and how many had to be decoded. Raises UserError if no clip is usable.
    """
    cache.mkdir(parents=True, exist_ok=True)
    shards = [Shard(root, tuple(clips), window) for clips in partition([row["path"] for row in rows])]
    done = map_in_processes(partial(decode_shard, cache=cache), shards, workers)
    faults = {clip: reason for _, facts, _ in done for clip, reason in facts["faults"].items()}
    places = {clip: (key, row) for key, facts, _ in done for clip, row in facts["rows"].items()}
    if not places:
        raise UserError(f"{root}: no clip of the {folder.name} split can be decoded")
    _write_manifest(folder / "manifest.csv", rows, places)
    for key in sorted({key for key, _ in places.values()}):
        link_or_copy(cache / f"{key}.npy", folder / f"{key}.npy")
    return dict(sorted(faults.items())), {"shards": len(shards), "decoded": sum(new for _, _, new in done)}


def _write_manifest(path: Path, rows: Iterable[Row], places: dict[str, tuple[str, int]]) -> None:
    kept = [
        {**row, "shard": places[row["path"]][0], "row": places[row["path"]][1]} for row in rows if row["path"] in places
    ]
    write_csv(path, kept[0], (row.values() for row in kept))
