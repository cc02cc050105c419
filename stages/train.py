"""Train one phase: train.py RECIPE PHASE --train FOLDER --valid FOLDER [--balance FOLDER] [--init WEIGHTS]."""

import argparse
import os
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from tailwise.balance.files import read_rebalancing
from tailwise.core.batch import Head
from tailwise.core.params.auto import with_chosen
from tailwise.core.params.config import read_params, section, sections
from tailwise.core.params.runtime import Runtime
from tailwise.core.stage.events import Events, events_path, stage_name
from tailwise.core.stage.folders import pipeline_folder
from tailwise.core.system.cores import data_workers
from tailwise.engine.checkpoint.recovery import Recovery, recovery_for
from tailwise.engine.contract.phase import Phase, adapt_phase, parameter_lines, shapes
from tailwise.engine.contract.run import Run, Stability, Training, start
from tailwise.engine.contract.task import Samples
from tailwise.engine.distributed.launch import launch, processes, report_failure, worker_guard
from tailwise.engine.distributed.world import join
from tailwise.engine.evaluate.inputs import build_task, class_boosts, read_heads, sample_indices
from tailwise.engine.monitor.backend import backend, keep_backend, log_difference
from tailwise.engine.monitor.history import Boosts, Metrics
from tailwise.engine.monitor.observers import Observer, keep_history, print_progress, tensorboard
from tailwise.engine.train.interrupt import sigterm_as_sigint
from tailwise.engine.train.loop import train_phase
from tailwise.engine.train.outputs import write_outputs
from tailwise.losses.boost import ClassBoost
from tailwise.recipes.recipe import load_recipe

REQUIREMENTS = Path(__file__).parents[1] / "requirements.txt"
HEADS = Path("data/index/heads.json")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("recipe")
    parser.add_argument("phase")
    parser.add_argument("--train", type=Path, required=True)
    parser.add_argument("--valid", type=Path, required=True)
    parser.add_argument("--balance", type=Path, help="samples and boosts of the phase; without: every sample, no boost")
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
    recipe = load_recipe(args.recipe)
    training, stability = section(params, "training", Training), section(params, "stability", Stability)
    phase, config = section(params, f"{args.phase}.train", Phase), sections(params, recipe.config())

    device, heads = start(training, runtime), read_heads(HEADS)
    task, asked = build_task(recipe, config, heads, (args.train, args.valid), training.seed, args.init)
    if task is not asked:
        phase = adapt_phase(phase, task.model, shapes(asked.model))
    indices, boosts, boost = rebalanced(args.balance, heads, task.train)

    inputs = [path for path in (args.train, args.valid, HEADS, args.balance, args.init) if path]
    facts = [*map(repr, [args, training, stability, phase, config, backend(device)]), REQUIREMENTS.read_text("utf8")]
    with join(device) as world, report_failure(), ExitStack() as owned:
        recovery = world.alone(lambda: owned.enter_context(recovery_for(args.phase, facts, inputs)))
        events = Events(events_path(stage_name()), runtime.verbosity, phase=args.phase)
        watch = partial(watching, args.phase, task.metrics, boosts, runtime, events, recovery)
        output = {"events": events, "observers": world.alone(watch) or (), "save_every": runtime.save_every}
        workers = data_workers(runtime.workers, training.threads)
        run = Run(args.phase, training, device, workers, recovery, stability=stability, world=world, **output)
        if recovery:  # only the first process writes files and prints
            log_difference(device, events)
            print("\n".join(parameter_lines(task.model, phase.trainable)), flush=True)
        trained = train_phase(task, phase, indices, boost, run)
        if recovery:
            write_outputs(args.phase, task.metrics, boosts, trained, asked.spec, run)
            keep_backend(device)


def rebalanced(
    folder: Path | None, heads: tuple[Head, ...], samples: Samples
) -> tuple[list[int], Boosts, dict[str, ClassBoost]]:
    """Indices of an epoch's samples, and the boosts, as numbers for the history and as tensors for the loss."""
    if folder is None:
        return list(range(len(samples))), {head.name: dict.fromkeys(head.classes, 1.0) for head in heads}, {}
    of_phase = read_rebalancing(folder)
    indices = sample_indices(samples, of_phase.samples)
    return indices, of_phase.boost, class_boosts(of_phase, heads, samples, indices)


def watching(
    phase: str, metrics: Metrics, boosts: Boosts, runtime: Runtime, events: Events, recovery: Recovery
) -> tuple[Observer, ...]:
    """The observers of the history. Files come first: what the terminal shows is on disk."""
    watched = [keep_history(Path(f"reports/training/{phase}"), metrics, boosts), print_progress(metrics, events)]
    if runtime.tensorboard:
        logs = pipeline_folder() / ".logs" / "tensorboard" / recovery.folder.name
        watched.append(tensorboard(logs, metrics, boosts))
    return tuple(watched)


if __name__ == "__main__":
    main()
