"""Measure the guards on injected faults in real training runs of the demo: ``make faults``.

Trains phase 2 of the default pipeline from the weights of phase 1, which must exist: without a fault, and with each
fault of inject.py, with guards and without. Runs one after the other, each in its own process. "Out of memory" sets a
real memory limit on the process: three quarters of what training was measured to take. Results go to
reports/bench/faults.csv; curves.py and picture.py show them.
"""

import argparse
import json
import math
import os
import resource
import subprocess
import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

import curves
import healthy
import picture
from inject import FAULTS, SHORT_OF_MEMORY, UNDISTURBED, FaultySchedule, Recorder, RecordingOptimizer
from setting import NAME
from tailwise.balance.files import read_rebalancing
from tailwise.core.errors import UserError
from tailwise.core.params.config import read_params, section, sections
from tailwise.core.params.runtime import Runtime
from tailwise.core.stage.events import Events
from tailwise.engine.checkpoint.hand_over import HandOver, read_hand_over, state_file
from tailwise.engine.contract.phase import Phase
from tailwise.engine.contract.record import EpochRecord
from tailwise.engine.contract.run import Run, Stability, Training, start
from tailwise.engine.contract.task import Task
from tailwise.engine.evaluate.inputs import build_task, class_boosts, read_heads, sample_indices
from tailwise.engine.train.loop import train_phase
from tailwise.losses.head.boost import ClassBoost
from tailwise.optim.kinds import optimizer_name
from tailwise.recipes.fouls import task as recipe

SPLITS = Path("data/clips/train"), Path("data/clips/valid")
INIT = Path("data/models/phase1.safetensors")
LEFT = 0.75
"""Memory limit of an out-of-memory run, as a share of what training takes."""
FRUGAL = {
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_MMAP_THRESHOLD_": "1000000",
    "MALLOC_TRIM_THRESHOLD_": "1000000",
    "ONEDNN_PRIMITIVE_CACHE_CAPACITY": "8",
}
"""Environment of such a run: return freed memory to the system and cache few kernels; both would fill the limit."""


class Interventions(Events):
    """An event log that keeps and prints the interventions, as (epoch, step, fault, action)."""

    def __init__(self):
        super().__init__()
        self.done: list[tuple[int, int, str, str]] = []

    def log(self, event: str, text: str = "", *, detail: bool = False, **facts: Any) -> None:
        if event == "intervention":
            self.done.append(tuple(facts[name] for name in ("epoch", "step", "fault", "action")))
            print(f"  {text}", flush=True)


@dataclass(frozen=True)
class Setup:
    """Arguments of a training call."""

    task: Task
    phase: Phase
    indices: list[int]
    boost: dict[str, ClassBoost]
    run: Run
    handed: HandOver | None

    @property
    def steps(self) -> int:
        """Steps per epoch."""
        return math.ceil(len(self.indices) / self.run.training.batch_size)


def set_up(epochs: int | None) -> Setup:
    """The phase as its stage starts it. epochs: overrides the phase's number"""
    params = read_params()
    training, phase = section(params, "training", Training), section(params, f"{NAME}.train", Phase)
    device, heads = start(training, section(params, "runtime", Runtime)), read_heads(Path("data/index/heads.json"))
    task, _ = build_task(recipe, sections(params, recipe.Config), heads, SPLITS, training.seed, INIT)
    how = read_rebalancing(Path(f"data/weights/{NAME}"))
    indices = sample_indices(task.train, how.samples)
    run = Run(NAME, training, device, stability=section(params, "stability", Stability))
    boost = class_boosts(how, heads, task.train, indices)
    handed = read_hand_over(state_file("phase1"), task.spec, optimizer_name(phase.optimizer))
    return Setup(task, replace(phase, epochs=epochs or phase.epochs), indices, boost, run, handed)


def train(fault: str, guards: bool, epochs: int | None, limit: int) -> dict:
    """Train in this process; returns losses, recalls and interventions. limit: bytes for training, 0 for no limit"""
    setup, recorder, events, recalls = set_up(epochs), Recorder(), Interventions(), []
    phase = setup.phase
    phase = replace(
        phase,
        schedule=FaultySchedule(phase.schedule, recorder),
        optimizer=RecordingOptimizer(phase.optimizer, recorder),
    )
    task, phase = FAULTS[fault].inject(setup.task, phase, recorder, setup.steps)
    stability = replace(setup.run.stability, guards=guards)

    def record_epoch(history: list[EpochRecord]) -> None:
        recalls.append(history[-1].score)
        print(f"  epoch {len(recalls)}  loss {history[-1].loss:.3f}  recall {recalls[-1]:.3f}", flush=True)

    run = replace(setup.run, stability=stability, events=events, observers=(record_epoch,))
    ended = ""
    if limit:
        resource.setrlimit(resource.RLIMIT_AS, (held_before(task) + limit, resource.RLIM_INFINITY))
    try:
        train_phase(task, phase, setup.indices, setup.boost, run, setup.handed)
    except UserError as error:
        ended = str(error)
    facts = {"steps": setup.steps, "epochs": phase.epochs, "ended": ended}
    return {**facts, "losses": recorder.losses, "recalls": recalls, "done": events.done}


def needed() -> int:
    """Bytes of address space that one epoch adds."""
    setup = set_up(1)
    before = held_before(setup.task)
    train_phase(setup.task, setup.phase, setup.indices, setup.boost, setup.run, setup.handed)
    return held("VmPeak") - before


def held_before(task: Task) -> int:
    """Bytes of address space before training, after mapping all clips and starting all threads."""
    for split in filter(None, (task.train, task.valid)):
        for index in range(len(split)):
            split.collate([split[index]])
    _ = torch.randn(512, 512) @ torch.randn(512, 512)
    return held("VmSize")


def held(field: str) -> int:
    """Bytes of this process's address space, now (VmSize) or at its peak (VmPeak); Linux only."""
    (line,) = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(f"{field}:")]
    return 1024 * int(line.split()[1])


def in_process(*arguments: object, env: dict[str, str] | None = None) -> dict:
    """Run this script with these arguments in its own process; returns the JSON that it writes."""
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        command = [sys.executable, __file__, "--into", file.name, *map(str, arguments)]
        done = subprocess.run(command, env={**os.environ, **(env or {})})
        if done.returncode:
            return {"ended": f"exit {done.returncode}"}
        return json.loads(Path(file.name).read_text())


def run_all(names: list[str], epochs: int | None) -> None:
    """Run every fault with guards and without; replaces earlier rows of the same fault."""
    for name in names:
        env = FRUGAL if name == SHORT_OF_MEMORY else {}
        limit = int(LEFT * in_process("--needed", env=env)["bytes"]) if name == SHORT_OF_MEMORY else 0
        for guards in (True,) if name == UNDISTURBED else (True, False):
            print(f"{name}, guards {'on' if guards else 'off'} ...", flush=True)
            given = ["--fault", name, "--limit", limit, *(["--epochs", epochs] if epochs else [])]
            curves.keep(name, guards, in_process(*given, *([] if guards else ["--unguarded"]), env=env))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", nargs="*", choices=FAULTS, help="run only these faults, and show all results so far")
    parser.add_argument("--epochs", type=int, help="override the number of epochs; the schedule is stretched")
    parser.add_argument("--healthy", type=int, metavar="N", help="instead, run phases 1 to 3 with N seeds and no fault")
    for private in ("--into", "--fault"):
        parser.add_argument(private, help=argparse.SUPPRESS)
    parser.add_argument("--limit", type=int, default=0, help=argparse.SUPPRESS)
    for private in ("--unguarded", "--needed"):
        parser.add_argument(private, action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.into:
        here = (
            {"bytes": needed()} if given.needed else train(given.fault, not given.unguarded, given.epochs, given.limit)
        )
        Path(given.into).write_text(json.dumps(here))
        return
    if given.healthy:
        healthy.show(given.healthy)
        return
    run_all(list(FAULTS) if given.only is None else given.only, given.epochs)
    print(curves.table())
    picture.draw()


if __name__ == "__main__":
    main()
