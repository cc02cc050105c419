"""Cost of guards and saving per training step, measured within one run, so that noise affects both alike.

The rest of a step is what any loop does. Made-up clips, an epoch of the pipeline's own model and batch.
"""

import copy
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from unittest import mock

import torch

from measure import Figure, Table
from setting import HEADS, NAME, even_boost, model_of, setting_of, start_as_stages
from tailwise.core.params.config import read_params, section
from tailwise.core.params.runtime import Runtime
from tailwise.engine.checkpoint.backup import StepBackup
from tailwise.engine.checkpoint.recovery import Recovery
from tailwise.engine.contract.run import Run
from tailwise.engine.contract.task import Task
from tailwise.engine.train import loop, saving
from tailwise.engine.train.guards import GuardState
from tailwise.engine.train.trainer import PhaseTrainer
from tailwise.losses.classification import classification_loss
from tailwise.recipes.fouls import task as fouls

GUARDS = {
    "what a step undoes": (StepBackup, "keep"),
    "verdicts": (GuardState, "find_fault"),
    "windows": (GuardState, "update"),
}
OTHERS = {"good weights": (PhaseTrainer, "snapshot"), "saving": (saving, "save"), "steps": (loop, "train_step")}


@contextmanager
def timed() -> Iterator[dict[str, list[float]]]:
    """{name: seconds of each call} of the methods above, while they are called in the block."""
    spent, patches = defaultdict(list), []
    for name, (owner, method) in {**GUARDS, **OTHERS}.items():
        patches.append(mock.patch.object(owner, method, _watched(getattr(owner, method), spent[name])))
    for patch in patches:
        patch.start()
    try:
        yield spent
    finally:
        for patch in patches:
            patch.stop()


def _watched(method, seconds: list[float]):
    def call(*args, **kwargs):
        started = time.perf_counter()
        try:
            return method(*args, **kwargs)
        finally:
            seconds.append(time.perf_counter() - started)

    return call


def epoch(save_every: float) -> dict[str, list[float]]:
    """One epoch of the engine, its state kept every so many seconds."""
    params = read_params(Path("params.yaml"))
    setting = setting_of(params)
    train, valid = setting.made
    task = Task(
        HEADS,
        copy.deepcopy(model_of(params)),
        {},
        train,
        valid,
        lambda b, s, k: b,
        classification_loss,
        fouls.metrics(HEADS),
    )
    with tempfile.TemporaryDirectory() as folder, Recovery(Path(folder) / "run") as recovery, timed() as spent:
        run = Run(NAME, replace(setting.training), torch.device("cpu"), recovery=recovery, save_every=save_every)
        loop.train_phase(task, setting.phase, range(len(train)), even_boost(), run)
    return spent


def tables(repeats: int = 5) -> list[Table]:
    params = read_params(Path("params.yaml"))
    start_as_stages(setting_of(params).training)
    every, guards, saves = section(params, "runtime", Runtime).save_every, [], []
    epoch(0)
    for _ in range(repeats):
        spent = epoch(0)  # save after each step, to measure the cost of one save
        steps = sum(spent["steps"])
        good = sum(spent["good weights"][:1]) * (len(spent["steps"]) // 20)  # each save also makes such a copy
        guards.append((sum(sum(spent[name]) for name in GUARDS) + good) / steps)
        saves.append(sum(spent["saving"]) / len(spent["saving"]))
    figures = [
        Figure("guards, share of a step", guards, most=0.02),
        Figure("saving the state once", saves, "s"),
        Figure(f"saving every {every:g} s, share of the time", [save / every for save in saves], most=0.02),
    ]
    return [Table("What guards and saving cost", figures)]
