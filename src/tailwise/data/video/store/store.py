"""Build the clip store of a split: its shards, a manifest of the usable samples, and the decoding window.

``manifest.csv`` is the split's index table without faulty clips, plus the columns `shard` and `row`, which locate the
frames of a view.
"""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from tailwise.core.errors import UserError
from tailwise.core.files import write_csv, write_json
from tailwise.core.stage.progress import Progress
from tailwise.core.system.cluster import Dask, Ray, map_on_cluster
from tailwise.core.system.guarded import map_guarded
from tailwise.data.shards.cache import Finished, clear_parts, finish, link_or_copy
from tailwise.data.shards.partition import partition
from tailwise.data.video.decode.frames import Cut
from tailwise.data.video.decode.window import Short
from tailwise.data.video.store.shards import Shard, decode_shard

if TYPE_CHECKING:  # decoding processes import this module and do not need pandas
    import pandas as pd

DAY_S = 86_400


@dataclass(frozen=True)
class Decode:
    """timeout: maximum seconds per clip; max_faulty: maximum share of faulty clips, in [0, 1]
    short: what to do with a clip that ends before the window
    """

    timeout: float
    max_faulty: float
    short: Short = "refuse"

    def __post_init__(self):
        if not 0 < self.timeout <= DAY_S or not 0 <= self.max_faulty <= 1:
            raise ValueError(f"timeout must be above 0 and at most {DAY_S}, max_faulty in [0, 1]")


@dataclass(frozen=True)
class Store:
    """Result of `build_store`.

    faults: {clip: reason}; clips: {clip: properties}; dropped: samples without a usable view
    shards: number of shards; decoded: number of shards that were not in the cache
    """

    faults: dict[str, str]
    clips: dict[str, dict]
    dropped: list[str]
    shards: int
    decoded: int


Workers = int | Dask | Ray
"""Number of local processes, or a cluster."""


def build_store(
    root: Path, rows: "pd.DataFrame", window: Cut, folder: Path, cache: Path, how: Decode, workers: Workers
) -> Store:
    """Decode one split's clips into `folder`, which is named after the split.

    rows: the split's index, one row per view. Raises UserError if no clip is usable, or the cluster fails.
    """
    cache.mkdir(parents=True, exist_ok=True)
    clear_parts(cache)
    content = dict(zip(rows["path"], rows["content"]))
    parts = partition(list(content))
    shards = [Shard(root, {clip: content[clip] for clip in clips}, window, how.short) for clips in parts]
    done, decoded = decode_shards(shards, cache, how, workers, folder.name)
    faults = {clip: reason for _, facts in done for clip, reason in facts["faults"].items()}
    names = {key: shard.name(facts["faults"]) for shard, (key, facts) in zip(shards, done)}
    places = {clip: (names[key], row) for key, facts in done for clip, row in facts["rows"].items()}
    if not places:
        raise UserError(f"{root}: no clip of the {folder.name} split can be used: {_most_frequent(faults)}")
    _write_store(folder, rows, places, {**asdict(window), "short": how.short})
    for key, facts in done:
        if facts["rows"]:
            link_or_copy(cache / f"{key}.npy", folder / f"{names[key]}.npy")
    usable = rows.loc[rows["path"].isin(places), "sample"]
    dropped = sorted(set(rows["sample"]) - set(usable))
    clips = {clip: what for _, facts in done for clip, what in facts["clips"].items()}
    return Store(dict(sorted(faults.items())), clips, dropped, len(shards), decoded)


def decode_shards(
    shards: list[Shard], cache: Path, how: Decode, workers: Workers, label: str
) -> tuple[list[Finished], int]:
    """The key and facts of each shard, in order, and the number of shards that were not in the cache."""

    def run(waiting: list[Shard]) -> Iterator[tuple]:
        with Progress(label, sum(len(shard.clips) for shard in waiting), "clips") as progress:
            if isinstance(workers, int):
                work = partial(_decode_shard, cache=cache)
                yield from map_guarded(work, waiting, workers, how.timeout, Shard.without, progress.advance)
            else:
                yield from _on_cluster(waiting, cache, how, workers, progress.advance)

    return finish(shards, cache, run)


def _decode_shard(shard: Shard, report: Callable[[str], None], cache: Path) -> tuple[str, dict]:
    return decode_shard(shard, cache, report)


def _on_cluster(shards: list[Shard], cache: Path, how: Decode, cluster: Dask | Ray, advance) -> Iterator[tuple]:
    """(index, (key, facts)) of each shard as it completes, one job per shard; UserError if a worker is set up wrongly.

    The key shows whether a worker has the same code and decoders, the file whether it shares the cache folder.
    """
    there = [replace(shard, root=shard.root.resolve()) for shard in shards]
    work = partial(decode_guarded, cache=cache.resolve(), timeout_s=how.timeout)
    for nth, (asked, key, facts) in map_on_cluster(cluster, work, there):
        if asked != shards[nth].key():
            raise UserError("runtime.executor: a worker has other code, decord or av; give it this folder and packages")
        if facts["rows"] and not (cache / f"{key}.npy").exists():
            raise UserError(f"runtime.executor: what a worker decoded is not in {cache}; share this folder with it")
        advance(len(shards[nth].clips))
        yield nth, (key, facts)


def decode_guarded(shard: Shard, cache: Path, timeout_s: float) -> tuple[str, str, dict]:
    """Job of a cluster worker: the worker's own key, then the result of `decode_shard` in a guarded process."""
    work = partial(_decode_shard, cache=cache)
    ((_, (key, facts)),) = map_guarded(work, [shard], 1, timeout_s, Shard.without)
    return shard.key(), key, facts


def _most_frequent(faults: dict[str, str]) -> str:
    reasons = list(faults.values())
    return max(reasons, key=reasons.count) if reasons else "the split is empty"


def _write_store(folder: Path, rows: "pd.DataFrame", places: dict[str, tuple[str, int]], window: dict) -> None:
    kept = rows[rows["path"].isin(places)]
    shards, indices = zip(*(places[path] for path in kept["path"]))
    kept = kept.assign(shard=shards, row=indices)
    write_csv(folder / "manifest.csv", kept.columns, kept.itertuples(index=False, name=None))
    write_json(folder / "window.json", window)
