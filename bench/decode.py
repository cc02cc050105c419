"""Decoding into the clip store against the bare decoders over the same clips, and two workers against one."""

import statistics
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import av
import decord

from clips import film, folder_of
from measure import Figure, Table, interleave, ratio, seconds
from tailwise.data.video.decode.window import Window
from tailwise.data.video.store.shards import Shard, decode_shard
from tailwise.data.video.store.store import Decode, build_store

if TYPE_CHECKING:
    import pandas as pd

STORE = "clip store (probe, window, file)"
OFFICIAL = Window(centre=75, stride=2, frames=16, margin=0, height=224, width=400)


def bare_decord(paths: list[Path]) -> None:
    for path in paths:
        reader = decord.VideoReader(str(path), width=OFFICIAL.width, height=OFFICIAL.height, num_threads=1)
        reader.get_batch(OFFICIAL.indices()).asnumpy()


def bare_pyav(paths: list[Path]) -> None:
    wanted, last = set(OFFICIAL.indices()), OFFICIAL.indices()[-1]
    for path in paths:
        with av.open(str(path)) as container:
            container.streams.video[0].codec_context.thread_count = 1
            for number, frame in enumerate(container.decode(video=0)):
                if number in wanted:
                    frame.reformat(OFFICIAL.width, OFFICIAL.height, "rgb24").to_ndarray()
                if number == last:
                    break


def ours(root: Path, rows: "pd.DataFrame") -> None:
    with tempfile.TemporaryDirectory() as cache:
        decode_shard(Shard(root, dict(zip(rows["path"], rows["content"])), OFFICIAL), Path(cache), str)


def one_core(width: int, height: int, count: int, repeats: int) -> Table:
    with tempfile.TemporaryDirectory() as made:
        kinds = [film(Path(made) / f"{seed}.mp4", width, height, seed) for seed in range(4)]
        place, rows = folder_of(count, kinds)
        with place:
            root = Path(place.name)
            paths = [root / path for path in rows["path"]]
            works = {
                STORE: lambda: ours(root, rows),
                "bare decord": lambda: bare_decord(paths),
                "bare PyAV": lambda: bare_pyav(paths),
            }
            times = interleave(works, repeats)
            size = statistics.mean(path.stat().st_size for path in paths)
    title = f"Decoding {count} clips of {width}x{height}, {size / 1e6:.2f} MB each, 16 frames at 400x224, one core"
    return Table(title, [*seconds(times), speed(times, "bare decord", least=0.9), speed(times, "bare PyAV")])


def speed(times: dict[str, list[float]], other: str, least: float | None = None) -> Figure:
    """The clip store's speed relative to another decoder's, round by round."""
    shares = [b / a for a, b in zip(times[STORE], times[other])]
    return Figure(f"speed of the clip store, {other} = 1", shares, least=least)


def with_workers(count: int = 184, repeats: int = 3) -> Table:
    def build(workers: int) -> None:
        with tempfile.TemporaryDirectory() as out:
            how = Decode(timeout=60, max_faulty=0)
            build_store(root, rows, OFFICIAL, Path(out) / "train", Path(out) / "cache", how, workers)

    with tempfile.TemporaryDirectory() as made:
        place, rows = folder_of(count, [film(Path(made) / "0.mp4", 398, 224, 0)])
        with place:
            root = Path(place.name)
            times = interleave({"one worker": lambda: build(1), "two workers": lambda: build(2)}, repeats)
    title = f"A store of {count} clips of 398x224, starting the workers included"
    return Table(title, [*seconds(times), ratio(times, "two workers", "one worker", most=1.0)])


def tables() -> list[Table]:
    return [one_core(398, 224, count=24, repeats=5), one_core(1280, 720, count=8, repeats=5), with_workers()]
