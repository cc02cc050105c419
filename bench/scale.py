"""Decoding at the official data's size, by repeating clips: time, disk, worker memory, and the cost of one more clip.

Needs some 45 GB of disk for 8,297 clips at 16 frames of 400x224: ``make bench-scale``.
"""

import argparse
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from clips import film, folder_of
from decode import OFFICIAL
from tailwise.core.system.guarded import map_guarded
from tailwise.data.raw import RawFile
from tailwise.data.video.decode.frames import decode_clip
from tailwise.data.video.decode.window import Window
from tailwise.data.video.store.store import Decode, build_store

if TYPE_CHECKING:
    import pandas as pd

SMALL = Window(centre=4, stride=1, frames=4, margin=0, height=32, width=56)


def gigabytes(folder: Path) -> float:
    """Disk usage of a folder; counts hard-linked files once."""
    return int(subprocess.run(["du", "-s", "-B1", folder], capture_output=True, check=True).stdout.split()[0]) / 1e9


def anonymous_mb(process: int | str = "self") -> float:
    """Anonymous memory of a process; 0 if it has ended or the system does not report it."""
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return 0.0
    kilobytes = [line.split()[1] for line in status.splitlines() if line.startswith("RssAnon:")]
    return int(kilobytes[0]) / 1e3 if kilobytes else 0.0


def watch(item: tuple[Path, int, int], say) -> list[float]:
    """Decode one clip after the other in a worker; its memory in MB after each so many. item: root, clips, so many"""
    root, count, every = item
    memory = []
    for number in range(count):
        say(str(number))
        decode_clip(RawFile(root, f"clip_{number}.mp4"), OFFICIAL)
        if (number + 1) % every == 0:
            memory.append(anonymous_mb())
    return memory


def build(root: Path, rows: "pd.DataFrame", out: Path, name: str, window: Window) -> tuple[float, int]:
    """Seconds, and how many shards were decoded."""
    started = time.perf_counter()
    store = build_store(root, rows, window, out / name / "train", out / "cache", Decode(60, 0), 2)
    return time.perf_counter() - started, store.decoded


def show_full_size(count: int, kinds: list[Path]) -> None:
    place, rows = folder_of(count, kinds)
    with place, tempfile.TemporaryDirectory() as out:
        seconds, shards = build(Path(place.name), rows, Path(out), "store", OFFICIAL)
        print(f"\n{count} clips of 398x224, 16 frames at 400x224, two workers: {seconds:.0f} s, {shards} shards")
        print(
            f"  raw clips {gigabytes(Path(place.name)):.1f} GB, store {gigabytes(Path(out) / 'store'):.1f} GB,", end=" "
        )
        print(f"store and shard cache together {gigabytes(Path(out)):.1f} GB on disk")


def show_one_more(count: int, kinds: list[Path]) -> None:
    place, rows = folder_of(count + 1, kinds)
    with place, tempfile.TemporaryDirectory() as out:
        root = Path(place.name)
        first, shards = build(root, rows[:-1], Path(out), "before", SMALL)
        again, _ = build(root, rows[:-1], Path(out), "same", SMALL)
        more, decoded = build(root, rows, Path(out), "after", SMALL)
    print(
        f"\n{count} clips into small frames: {first:.1f} s, {shards} shards; again, all from the cache: {again:.1f} s"
    )
    print(f"  with one clip more: {more:.1f} s, {decoded} shard decoded")


def show_memory(count: int, kinds: list[Path]) -> None:
    place, _ = folder_of(count, kinds)
    with place:
        work = [(Path(place.name), count, 250)]
        ((_, memory),) = map_guarded(watch, work, 1, 60, lambda item, part, reason: item)
    print(f"\nanonymous memory of a worker, MB, after each 250 of {count} clips:")
    print("  " + "  ".join(f"{value:.0f}" for value in memory))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--clips", type=int, default=8297)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        kinds = [film(Path(made) / f"{seed}.mp4", 398, 224, seed) for seed in range(8)]
        show_memory(2000, kinds)
        show_one_more(10_000, kinds)
        show_full_size(args.clips, kinds)


if __name__ == "__main__":
    main()
