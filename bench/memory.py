"""Anonymous memory (not backed by files) of training with ten times the clips, and of sequential decoding.

Each round in a process of its own. Linux alone says how much it is (/proc).
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from clips import film, folder_of
from measure import Figure, Table, ratio
from scale import anonymous_mb, watch
from setting import HEADS, NAME, even_boost
from tailwise.core.files import write_csv, write_json
from tailwise.core.params.config import read_params, section, sections
from tailwise.core.system.guarded import map_guarded
from tailwise.engine.contract.phase import Phase
from tailwise.engine.contract.run import Run, Training
from tailwise.engine.train.loop import train_phase
from tailwise.recipes.fouls import task as fouls

SHARD, VIEWS = 64, 2
EVERY_S = 0.01
OTHER_COLUMNS = [f"annotation {i}" for i in range(14)]  # as many extra columns as the official table


def write_split(folder: Path, count: int, window: dict) -> None:
    """Write a split of `count` clips in real shards, two views per foul, with alternating classes."""
    write_json(folder / "window.json", window)
    rng = np.random.default_rng(0)
    shape = (window["frames"] + 2 * window["margin"], window["height"], window["width"], 3)
    for shard in range(-(-count // SHARD)):
        np.save(folder / f"shard{shard}.npy", rng.integers(0, 256, (SHARD, *shape), np.uint8))
    write_rows(folder, count)


def write_rows(folder: Path, count: int) -> None:
    header = ["sample", "view", "group", *(head.name for head in HEADS), "shard", "row", *OTHER_COLUMNS]
    write_csv(folder / "manifest.csv", header, (row_of(clip) for clip in range(count)))


def row_of(clip: int) -> list:
    foul = clip // VIEWS
    labels = [head.classes[foul % len(head.classes)] for head in HEADS]
    other = [f"{column} of {clip}" for column in OTHER_COLUMNS]
    return [f"train/{foul}", clip % VIEWS, foul, *labels, f"shard{clip // SHARD}", clip % SHARD, *other]


def repeat_split(source: Path, folder: Path, times: int, count: int) -> None:
    """Repeat a split `times` times by linking its shards under other names."""
    folder.mkdir()
    os.link(source / "window.json", folder / "window.json")
    shards = len(list(source.glob("*.npy")))
    for number in range(times * shards):
        os.link(source / f"shard{number % shards}.npy", folder / f"shard{number}.npy")
    write_rows(folder, times * count)


def train(folder: Path, valid: Path) -> None:
    """Train one epoch on a split as the stage does, with augmentation."""
    params = read_params()
    training, phase = section(params, "training", Training), section(params, f"{NAME}.train", Phase)
    torch.set_num_threads(training.threads)
    task = fouls.build(sections(params, fouls.Config), HEADS, folder, valid, training.seed)
    run = Run(NAME, training, torch.device("cpu"))
    train_phase(task, replace(phase, epochs=1), range(len(task.train)), even_boost(), run)


def peak_mb(*arguments: Path) -> float:
    """Peak memory of this script with these arguments, sampled from outside every 10 ms."""
    most = 0.0
    with subprocess.Popen([sys.executable, __file__, *map(str, arguments)]) as process:
        while process.poll() is None:
            most = max(most, anonymous_mb(process.pid))
            time.sleep(EVERY_S)
    if process.returncode:
        sys.exit(f"memory: training on {arguments[0]} failed")
    return most


def of_training(count: int = 6 * SHARD, times: int = 10, rounds: int = 3) -> Table:
    """Peak of a process that trains one epoch, on `count` clips and on `times` as many."""
    with tempfile.TemporaryDirectory() as made:
        once, often, valid = (Path(made) / name for name in ("once", "often", "valid"))
        write_split(once, count, read_params()["window"])
        repeat_split(once, often, times, count)
        write_split(valid, SHARD, {**read_params()["window"], "margin": 0})
        names = {f"{count} clips": once, f"{times * count} clips": often}
        peaks = {name: [] for name in names}
        for _ in range(rounds):
            for name, folder in names.items():
                peaks[name].append(peak_mb(folder, valid))
    figures = [Figure(name, values, "MB") for name, values in peaks.items()]
    return Table("Anonymous memory of training one epoch", [*figures, ratio(peaks, *reversed(names), most=1.1)])


def of_decoding(count: int = 400, every: int = 100, rounds: int = 3) -> Table:
    """Memory of a worker that decodes clips sequentially; `make bench-scale` decodes 2,000."""
    after: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as made:
        place, _ = folder_of(count, [film(Path(made) / f"{seed}.mp4", 398, 224, seed) for seed in range(4)])
        with place:
            for _ in range(rounds):
                work = [(Path(place.name), count, every)]
                ((_, memory),) = map_guarded(watch, work, 1, 60, lambda item, part, reason: item)
                for number, value in enumerate(memory, start=1):
                    after.setdefault(f"after {number * every} clips", []).append(value)
    first, *_, last = after
    figures = [Figure(name, values, "MB") for name, values in after.items()]
    return Table("Anonymous memory of a decoding worker", [*figures, ratio(after, last, first, most=1.1)])


def tables() -> list[Table]:
    if not anonymous_mb():
        return [Table("Anonymous memory", [], "Not measured: this system has no /proc/<process>/status.")]
    return [of_training(), of_decoding()]


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("valid", type=Path)
    given = parser.parse_args()
    train(given.folder, given.valid)
