"""Data-parallel training with two processes against one, on this machine: throughput, and weights in float64.

One thread each, so that both have the same processor time to spend, and one process with both threads besides.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from measure import Figure, Table, ratio
from setting import HEADS, NAME, even_boost, model_of, setting_of
from tailwise.core.batch import Batch
from tailwise.core.params.config import read_params
from tailwise.engine.contract.run import Run
from tailwise.engine.contract.task import Task
from tailwise.engine.distributed.world import World, join
from tailwise.engine.train.loop import train_phase
from tailwise.losses.classification import classification_loss
from tailwise.recipes.fouls import task as fouls

FOULS = (160, 32)


def train(folder: Path, world: World, double: bool) -> None:
    """Train one epoch as one of the processes; the first writes seconds and weights to the folder."""
    params = read_params(Path("params.yaml"))
    setting, model = setting_of(params, FOULS), model_of(params)

    def prepare(batch: Batch, strength: float, keys) -> Batch:
        return replace(batch, inputs={**batch.inputs, "clips": batch.inputs["clips"].double()}) if double else batch

    made, valid = setting.made
    model, phase = (model.double(), replace(setting.phase, lr=1e-3)) if double else (model, setting.phase)
    task = Task(
        HEADS,
        model,
        {},
        made,
        Doubled(valid) if double else valid,
        prepare,
        classification_loss,
        fouls.metrics(HEADS),
    )
    started, run = time.perf_counter(), Run(NAME, setting.training, torch.device("cpu"), world=world)
    train_phase(task, phase, range(len(made)), {} if double else even_boost(), run)
    if world.rank == 0:
        (folder / "seconds").write_text(str(time.perf_counter() - started))
        save_file(model.state_dict(), folder / "weights.safetensors")


class Doubled:
    """Clips in float64, as `prepare` gives them in training."""

    def __init__(self, made):
        self.made, self.names, self.labels, self.groups = made, made.names, made.labels, made.groups

    def __len__(self) -> int:
        return len(self.made)

    def __getitem__(self, i: int) -> int:
        return i

    def collate(self, indices: list[int]) -> Batch:
        batch = self.made.collate(indices)
        return replace(batch, inputs={**batch.inputs, "clips": batch.inputs["clips"].double()})


def together(processes: int, threads: int, double: bool = False) -> tuple[float, dict[str, torch.Tensor]]:
    """Seconds of the epoch, without what comes before it, and the weights."""
    with tempfile.TemporaryDirectory() as folder:
        command = ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={processes}", __file__, folder]
        env = {**os.environ, "OMP_NUM_THREADS": str(threads)}
        done = subprocess.run([sys.executable, *command, *(["--double"] if double else [])], env=env)
        if done.returncode:
            sys.exit("devices: a process failed")
        return float((Path(folder) / "seconds").read_text()), load_file(Path(folder) / "weights.safetensors")


def tables(repeats: int = 3) -> list[Table]:
    one, two, threads = "one process, one thread", "two processes, a thread each", "one process, two threads"
    ways = {one: (1, 1), two: (2, 1), threads: (1, 2)}
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(repeats):
        for name, way in ways.items():
            times[name].append(together(*way)[0])
    (_, alone), (_, both) = together(1, 1, double=True), together(2, 1, double=True)
    gap = max(float((alone[name] - both[name]).abs().max()) for name in alone)
    figures = [
        *(Figure(f"{name}: fouls/s", [FOULS[0] / value for value in values]) for name, values in times.items()),
        ratio(times, one, two),
        ratio(times, threads, two),
        Figure("largest gap of a weight in float64, after 10 steps", [gap], most=1e-10),
    ]
    return [Table("Two processes that train together", figures, "Times are of the epoch and its validation.")]


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--double", action="store_true")
    args = parser.parse_args()
    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    torch.use_deterministic_algorithms(True)
    with join(torch.device("cpu")) as joined:
        train(args.folder, joined, args.double)
