"""Effect of data workers and threads on training time and on the bytes of the weights."""

import hashlib
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import torch

from measure import Figure, Table
from setting import HEADS, NAME, Made, even_boost
from tailwise.core.params.config import read_params, section, sections
from tailwise.engine.checkpoint.weights import write_tensors
from tailwise.engine.contract.phase import Phase
from tailwise.engine.contract.run import Run, Training
from tailwise.engine.contract.task import Task
from tailwise.engine.train.loop import train_phase
from tailwise.losses.classification import classification_loss
from tailwise.recipes.fouls import task as fouls


def trained(threads: int, workers: int) -> tuple[float, str]:
    """Seconds, and the hash of the weights file."""
    params = read_params(Path("params.yaml"))
    training = replace(section(params, "training", Training), threads=threads)
    phase = replace(section(params, f"{NAME}.train", Phase), epochs=2, loss_weights={})
    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(True)
    torch.manual_seed(0)
    shape = tuple(params["window"][side] for side in ("frames", "height", "width"))
    model, train = sections(params, fouls.Config).model.build(HEADS, shape), Made(160, 0)
    task = Task(
        HEADS,
        model,
        {},
        train,
        Made(48, 1),
        lambda batch, strength, keys: batch,
        classification_loss,
        fouls.metrics(HEADS),
    )
    started = time.perf_counter()
    run = Run(NAME, training, torch.device("cpu"), workers)
    result = train_phase(task, phase, range(len(train)), even_boost(), run)
    seconds = time.perf_counter() - started
    with tempfile.TemporaryDirectory() as folder:
        write_tensors(Path(folder) / "weights", result.weights, {})
        return seconds, hashlib.sha256((Path(folder) / "weights").read_bytes()).hexdigest()[:12]


def tables(rounds: int = 3) -> list[Table]:
    """Interleaved times. The file may depend on the number of threads, but not on the number of workers."""
    cases = [(threads, workers) for threads in (1, 2) for workers in (0, 1, 2)]
    runs = [{case: trained(*case) for case in cases} for _ in range(rounds)]
    figures = [Figure(f"{t} threads, {w} workers", [run[t, w][0] for run in runs], "s") for t, w in cases]
    for threads in (1, 2):
        files = {digest for run in runs for (of, _), (_, digest) in run.items() if of == threads}
        figures.append(Figure(f"different weights files with {threads} threads", [len(files)], most=1))
    return [Table("Data workers and threads: 2 epochs of 160 fouls", figures)]
