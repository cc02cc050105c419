"""Train one phase: train.py RECIPE PHASE --train FOLDER --valid FOLDER [--init WEIGHTS]."""

import argparse
import importlib
import os
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from tailwise.balance.files import read_rebalancing
from tailwise.core.params.auto import with_chosen
from tailwise.core.params.config import read_params, section, sections
from tailwise.core.params.runtime import Runtime
from tailwise.core.stage.events import Events, events_path, stage_name
from tailwise.core.stage.folders import pipeline_folder
from tailwise.core.system.cores import data_workers
from tailwise.engine.checkpoint.recovery import Recovery, recovery_for
from tailwise.engine.contract.phase import Phase, adapt_phase, parameter_lines, shapes
from tailwise.engine.contract.run import Run, Stability, Training, start
from tailwise.engine.distributed.launch import launch, processes, report_failure, worker_guard
from tailwise.engine.distributed.world import join
from tailwise.engine.evaluate.inputs import build_task, class_boosts, read_heads, sample_indices
from tailwise.engine.monitor.backend import backend, keep_backend, log_difference
from tailwise.engine.monitor.history import Boosts, Metrics
from tailwise.engine.monitor.observers import Observer, keep_history, print_progress, tensorboard
from tailwise.engine.train.interrupt import sigterm_as_sigint
from tailwise.engine.train.loop import train_phase
from tailwise.engine.train.outputs import write_outputs

REQUIREMENTS = Path(__file__).parents[1] / "requirements.txt"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("recipe")
    parser.add_argument("phase")
    parser.add_argument("--train", type=Path, required=True)
    parser.add_argument("--valid", type=Path, required=True)
    parser.add_argument("--init", type=Path)
    return parser.parse_args()


def main() -> None:
    args = arguments()
    params = with_chosen(read_params(), args.phase)
    runtime = section(params, "runtime", Runtime)
    if (count := processes(runtime)) > 1:
        launch(count)
    else:
        if "WORLD_SIZE" not in os.environ:  # else the launcher ends by it, and no process can finish a step alone
            sigterm_as_sigint()
        with worker_guard():
            train(args, params, runtime)


def train(args: argparse.Namespace, params: dict, runtime: Runtime) -> None:
    recipe = importlib.import_module(f"{args.recipe}.task")
    training, stability = section(params, "training", Training), section(params, "stability", Stability)
    phase, config = section(params, f"{args.phase}.train", Phase), sections(params, recipe.Config)
    index, weights = Path("data/index/heads.json"), Path(f"data/weights/{args.phase}")

    device, heads = start(training, runtime), read_heads(index)
    task, asked = build_task(recipe, config, heads, (args.train, args.valid), training.seed, args.init)
    if task is not asked:
        phase = adapt_phase(phase, task.model, shapes(asked.model))
    rebalancing = read_rebalancing(weights)
    places = sample_indices(task.train, rebalancing.samples)
    boost = class_boosts(rebalancing, heads, task.train, places)

    inputs = [args.train, args.valid, index, weights, *([args.init] if args.init else [])]
    facts = [*map(repr, [args, training, stability, phase, config, backend(device)]), REQUIREMENTS.read_text("utf8")]
    with join(device) as world, report_failure(), ExitStack() as owned:
        recovery = world.alone(lambda: owned.enter_context(recovery_for(args.phase, facts, inputs)))
        events = Events(events_path(stage_name()), runtime.verbosity, phase=args.phase)
        watch = partial(watching, args.phase, task.metrics, rebalancing.boost, runtime, events, recovery)
        telling = {"events": events, "observers": world.alone(watch) or (), "save_every": runtime.save_every}
        workers = data_workers(runtime.workers, training.threads)
        run = Run(args.phase, training, device, workers, recovery, stability=stability, world=world, **telling)
        if recovery:  # the first process alone writes and tells
            log_difference(device, events)
            print("\n".join(parameter_lines(task.model, phase.trainable)), flush=True)
        trained = train_phase(task, phase, places, boost, run)
        if recovery:
            write_outputs(args.phase, task.metrics, rebalancing.boost, trained, asked.spec, run)
            keep_backend(device)


def watching(
    phase: str, metrics: Metrics, boosts: Boosts, runtime: Runtime, events: Events, recovery: Recovery
) -> tuple[Observer, ...]:
    """What follows the history. Files first: what is on the terminal is on disk, too."""
    watched = [keep_history(Path(f"reports/training/{phase}"), metrics, boosts), print_progress(metrics, events)]
    if runtime.tensorboard:
        logs = pipeline_folder() / ".logs" / "tensorboard" / recovery.folder.name
        watched.append(tensorboard(logs, metrics, boosts))
    return tuple(watched)


if __name__ == "__main__":
    main()
