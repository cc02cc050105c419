"""Data workers and threads: the time of a short training, and the bytes of its weights."""

import hashlib
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import torch

from epoch import HEADS, Made
from tailwise.core.config import read_params, section, sections
from tailwise.engine.loop import train_phase
from tailwise.engine.phase import Phase
from tailwise.engine.run import Run, Training
from tailwise.engine.task import Task
from tailwise.engine.weights import write_tensors
from tailwise.losses import ClassBoost
from tailwise.recipes.fouls import task as fouls


def trained(threads: int, workers: int) -> tuple[float, str]:
    """Seconds, and the hash of the weights file."""
    params = read_params(Path("params.yaml"))
    training = replace(section(params, "training", Training), threads=threads)
    phase = replace(section(params, "phase2.train", Phase), epochs=2)
    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(True)
    torch.manual_seed(0)
    shape = tuple(params["window"][side] for side in ("frames", "height", "width"))
    model, train = sections(params, fouls.Config).model.build(HEADS, shape), Made(160, 0)
    task = Task(HEADS, model, {}, train, Made(48, 1), lambda batch, strength, keys: batch, fouls.loss, fouls.score)
    boost = {h.name: ClassBoost(torch.ones(len(h.classes)), torch.ones(len(h.classes))) for h in HEADS}
    started = time.perf_counter()
    result = train_phase(task, phase, range(len(train)), boost, Run("phase2", training, torch.device("cpu"), workers))
    seconds = time.perf_counter() - started
    with tempfile.TemporaryDirectory() as folder:
        write_tensors(Path(folder) / "weights", result.weights, {})
        return seconds, hashlib.sha256((Path(folder) / "weights").read_bytes()).hexdigest()[:12]


def main() -> None:
    print("\nData workers and threads: 2 epochs of 160 fouls, and the weights' bytes")
    for threads in (1, 2):
        for workers in (0, 1, 2):
            seconds, digest = trained(threads, workers)
            print(f"  threads {threads}, workers {workers}: {seconds:6.2f} s   weights {digest}")


if __name__ == "__main__":
    main()
