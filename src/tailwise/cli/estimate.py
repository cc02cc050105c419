"""How long training will take, and how much memory: ``tailwise estimate``, in the pipeline's folder.

A few steps and one validation of each phase are run on its own samples and model; nothing is written.
"""

import argparse
import resource
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from tailwise.cli.runs.common import check_folder
from tailwise.core.errors import UserError, escape_output
from tailwise.core.params.auto import with_chosen
from tailwise.core.params.config import read_params, section
from tailwise.core.params.runtime import Runtime
from tailwise.core.stage.chain import Chain
from tailwise.engine.contract.options import samples_by_epoch
from tailwise.engine.contract.run import Run
from tailwise.engine.distributed.world import join
from tailwise.engine.monitor.clock import format_duration
from tailwise.engine.train.loop import train_phase
from tailwise.engine.train.setup import Inputs, Setup, data_workers, read_setup
from tailwise.recipes.recipe import load_recipe

TRAIN = "stages/train.py"
EVERYTHING = ("",)
"""What is there before: with it, a chain of stages is its last one alone."""
FEW, MANY = 2, 12
"""Steps of the two measurements, whose difference is the time of steps alone."""
MB = 1e6


@dataclass(frozen=True)
class Cost:
    """Of one phase. steps: in all epochs; step_s, validation_s: seconds of one; epochs: at most"""

    phase: str
    samples: int
    epochs: int
    steps: int
    step_s: float
    validation_s: float

    @property
    def seconds(self) -> float:
        return self.steps * self.step_s + self.epochs * self.validation_s


def estimate(args: argparse.Namespace, folder: Path = Path(".")) -> None:
    """args: none. Raises UserError for a pipeline without training, or whose data are not prepared."""
    escape_output(sys.stdout)
    check_folder(folder)
    costs: list[Cost] = []
    for words in training_commands(folder / "dvc.yaml", read_params()):
        costs.append(measure(*words))
        print(line(costs[-1]), flush=True)
    if not costs:
        raise UserError(f"dvc.yaml: no stage runs {TRAIN}: nothing to estimate")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    print(f"training: {format_duration(sum(one.seconds for one in costs))} on this machine, as busy as it is now")
    print(f"memory: {peak / MB:,.0f} MB, without the processes that load data")


def training_commands(file: Path, params: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Path]]]:
    """(recipe, phase, {option: file or folder}) of each stage that trains, in the order of dvc.yaml."""
    found: dict[str, Any] = yaml.safe_load(file.read_text("utf8"))
    given: list[Any] = found.get("vars", [])
    variables = {key: value for each in given if isinstance(each, dict) for key, value in each.items()}
    for name, stage in found["stages"].items():
        if TRAIN in stage.get("cmd", ""):
            script, recipe, phase, *options = Chain(file, {**params, **variables}, EVERYTHING, name, ()).commands()[0]
            yield recipe, phase, dict(_paths(options))


def _paths(options: list[str]) -> Iterator[tuple[str, Path]]:
    """Options with a value; those without one do not change a step."""
    for option, value in zip(options, [*options[1:], "--"]):
        if option.startswith("--") and not value.startswith("--"):
            yield option.removeprefix("--"), Path(value)


def measure(recipe: str, phase: str, paths: Mapping[str, Path]) -> Cost:
    """Run some steps of a phase. Weights of earlier phases, which are not there yet, are left out."""
    params = with_chosen(read_params(), phase)
    params[phase]["train"]["distil"] = None  # a teacher's answers may not be there yet, and take no time
    runtime, heads = section(params, "runtime", Runtime), Path("data/index/heads.json")
    for name in ("train", "valid"):
        if not paths[name].exists():
            raise UserError(f"{paths[name]}: is not there: prepare the data first, with `dvc repro compute_weights`")
    balance = paths.get("balance")
    inputs = Inputs(
        heads, paths["train"], paths["valid"], balance if balance and balance.exists() else None, None, None
    )
    setup = read_setup(load_recipe(recipe), phase, params, inputs, runtime)
    with join(setup.device) as world:
        workers = data_workers(runtime.workers, setup.training.threads)
        run = Run(phase, setup.training, setup.device, workers=workers, stability=setup.stability, world=world)
        return cost(setup, run)


def cost(setup: Setup, run: Run) -> Cost:
    """From the times of few and of more steps, each with a validation."""
    epochs = [list(samples) for samples in samples_by_epoch(setup.balance.samples, setup.phase.epochs)]
    of_step = setup.training.batch_size
    first, steps = max(epochs, key=len), sum(-(-len(epoch) // of_step) for epoch in epochs)
    few = min(FEW, -(-len(first) // of_step))
    many = max(few, min(MANY, len(first) // of_step))
    timed(setup, run, first[: few * of_step])  # the first steps of a process are slower
    short, long = (min(timed(setup, run, first[: count * of_step]) for _ in range(2)) for count in (few, many))
    step_s = max(0.0, (long - short) / (many - few)) if many > few else short / few
    validation_s = max(0.0, short - few * step_s)
    return Cost(run.name, len(first), setup.phase.epochs, steps, step_s, validation_s)


def timed(setup: Setup, run: Run, samples: list[int]) -> float:
    """Seconds of an epoch on these samples, with its validation."""
    phase = replace(setup.phase, epochs=1, average=None, early_stopping=None)
    started = time.perf_counter()
    train_phase(setup.task, phase, samples, setup.balance.tensors, run)
    return time.perf_counter() - started


def line(found: Cost) -> str:
    return (
        f"{found.phase}: {format_duration(found.seconds)}: {found.steps} steps of {found.step_s:.3f} s, "
        f"{found.epochs} epochs of {found.samples} samples at most, validation {found.validation_s:.2f} s each"
    )
