"""The features of every split: decoded and computed shard by shard, so that neither memory nor disk grows with them."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pandas as pd
import torch

from tailwise.core.errors import UserError
from tailwise.core.files import write_csv
from tailwise.core.stage.progress import Progress
from tailwise.data.shards.cache import Finished, cached_facts, clear_parts, finish, link_or_copy
from tailwise.data.shards.partition import partition
from tailwise.data.video.decode.spread import Spread
from tailwise.data.video.store.facts import Facts, write_facts
from tailwise.data.video.store.shards import Shard
from tailwise.data.video.store.store import Decode, Workers, decode_shards
from tailwise.models.frozen.streams import NAMES, FrozenStreams, Streams
from tailwise.recipes.actions.features.shard import FeatureShard, Passes, compute

AT_ONCE = 4
"""Shards, of about 64 clips each, whose frames are on disk at a time."""


@dataclass(frozen=True)
class Job:
    """How features are computed. root: of the raw clips; net: the streams, with their weights, on `device`"""

    root: Path
    cut: Spread
    decode: Decode
    options: Streams
    net: FrozenStreams
    device: torch.device
    workers: Workers


@dataclass(frozen=True)
class Made:
    """faults: {clip: reason}; shards: of both streams; computed: how many of them were not in the cache"""

    faults: dict[str, str]
    shards: int
    computed: int


def build_features(job: Job, rows: pd.DataFrame, passes: Passes, folder: Path) -> Made:
    """Compute a split's features into `folder`. rows: the split's index; UserError if no clip is usable."""
    caches = [Path(os.environ.get("DVC_ROOT", ".")) / ".cache" / name for name in ("features", "clips")]
    for cache in caches:
        cache.mkdir(parents=True, exist_ok=True)
        clear_parts(cache)
    content = dict(zip(rows["path"], rows["content"]))
    clips = [Shard(job.root, {clip: content[clip] for clip in some}, job.cut) for some in partition(list(content))]
    origins = {name: job.net.origin(name) for name in NAMES}
    shards = [FeatureShard(of, name, origin, passes) for of in clips for name, origin in origins.items()]
    with Progress(f"features of {folder.name}", len(shards), "shards") as progress:
        done, computed = finish(shards, caches[0], partial(_run, job, caches, folder.name, progress.advance))
    faults = {clip: reason for _, facts in done for clip, reason in facts["faults"].items()}
    _write(job, rows, list(zip(shards, done)), caches[0], folder)
    write_facts(folder, _facts(job, origins, passes, folder))
    return Made(dict(sorted(faults.items())), len(shards), computed)


def _run(job: Job, caches: list[Path], label: str, advance, waiting: list[FeatureShard]) -> Iterator[tuple]:
    """(place, finished) of each; shards of both streams of the same clips are decoded once."""
    of_clips: dict[str, list[int]] = {}
    for place, shard in enumerate(waiting):
        of_clips.setdefault(shard.clips.key(), []).append(place)
    groups = list(of_clips.values())
    for first in range(0, len(groups), AT_ONCE):
        some = groups[first : first + AT_ONCE]
        clips = [waiting[places[0]].clips for places in some]
        kept = [cached_facts(shard, caches[1]) is not None for shard in clips]
        decoded, _ = decode_shards(clips, caches[1], job.decode, job.workers, label)
        for places, frames, was_there in zip(some, decoded, kept):
            for place in places:
                yield place, compute(waiting[place], frames, caches[0], caches[1], job.net, job.device)
                advance(1)
            if not was_there and not waiting[places[0]].passes.how.keep_clips:
                _remove(frames, caches[1])


def _remove(decoded: Finished, cache: Path) -> None:
    for ending in ("json", "npy"):
        (cache / f"{decoded[0]}.{ending}").unlink(missing_ok=True)


def _write(
    job: Job, rows: pd.DataFrame, done: Iterable[tuple[FeatureShard, Finished]], cache: Path, folder: Path
) -> None:
    """Link the shards into the folder, and write the manifest of the usable clips."""
    places: dict[str, tuple[str, int]] = {}
    for shard, (key, facts) in done:
        name = shard.clips.name(facts["faults"])
        places |= {clip: (name, row) for clip, row in facts["rows"].items()}
        if facts["rows"]:
            folder.mkdir(parents=True, exist_ok=True)
            link_or_copy(cache / f"{key}.npy", folder / f"{name}-{shard.stream}.npy")
    if not places:
        raise UserError(f"{job.root}: no clip of the {folder.name} split can be used")
    kept = rows[rows["path"].isin(places)]
    names, indices = zip(*(places[path] for path in kept["path"]))
    kept = kept.assign(shard=names, row=indices)
    write_csv(folder / "manifest.csv", kept.columns, kept.itertuples(index=False, name=None))


def _facts(job: Job, origins: dict[str, str], passes: Passes, folder: Path) -> Facts:
    cut, how = {"frames": job.cut.frames, "height": job.cut.height, "width": job.cut.width}, passes.how
    frames, *_ = how.shape((job.cut.frames, job.cut.height, job.cut.width))
    steps = job.options.steps(frames)
    if how.pool != "none":
        steps = dict.fromkeys(steps, 1)
    views = 1 if passes.training else how.tested
    facts = origins, steps, job.options.dims, passes.flipped, how.pool, job.root.as_posix(), cut
    return Facts(*facts, looks=how.views, views=views)
