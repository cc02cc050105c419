"""Train one phase: train.py RECIPE PHASE --train FOLDER --valid FOLDER [--init WEIGHTS]."""

import argparse
import importlib
import os
from pathlib import Path

from tailwise.balance.files import read_rebalancing
from tailwise.core.batch import Head
from tailwise.core.chosen import with_chosen
from tailwise.core.config import read_params, section, sections
from tailwise.core.cores import data_workers
from tailwise.core.files import write_json
from tailwise.core.runtime import Runtime
from tailwise.engine.history import Boosts, best_epoch
from tailwise.engine.inputs import class_boosts, read_heads, sample_places
from tailwise.engine.loop import Trained, train_phase
from tailwise.engine.observers import keep_history, print_progress, tensorboard
from tailwise.engine.phase import Phase, parameter_lines
from tailwise.engine.recovery import recovery_for
from tailwise.engine.run import Run, Training, start
from tailwise.engine.task import Task
from tailwise.engine.weights import load_into, write_tensors

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
    recipe = importlib.import_module(f"{args.recipe}.task")
    training, runtime = section(params, "training", Training), section(params, "runtime", Runtime)
    phase, config = section(params, f"{args.phase}.train", Phase), sections(params, recipe.Config)
    index, weights = Path("data/index/heads.json"), Path(f"data/weights/{args.phase}")

    device, heads = start(training, runtime), read_heads(index)
    task = recipe.build(config, heads, args.train, args.valid, training.seed, pretrained=not args.init)
    if args.init:
        load_into(task.model, task.spec, args.init)
    rebalancing = read_rebalancing(weights)
    places = sample_places(task.train, rebalancing.samples)
    boost = class_boosts(rebalancing, heads, task.train, places)
    print("\n".join(parameter_lines(task.model, phase.trainable)), flush=True)

    inputs = [args.train, args.valid, index, weights, *([args.init] if args.init else [])]
    facts = [*map(repr, [args, training, phase, config, device.type]), REQUIREMENTS.read_text(encoding="utf8")]
    with recovery_for(args.phase, facts, inputs) as recovery:
        watched = observers(args.phase, heads, rebalancing.boost, recovery.folder.name if runtime.tensorboard else "")
        run = Run(args.phase, training, device, data_workers(runtime.workers, training.threads), recovery, watched)
        trained = train_phase(task, phase, places, boost, run)
        finish(args.phase, task, trained, watched)


def observers(phase: str, heads: tuple[Head, ...], boosts: Boosts, board: str):
    """Files first: what is on the terminal is on disk, too. board: the run's name in TensorBoard, "" for none"""
    kept = keep_history(Path(f"reports/training/{phase}"), heads, boosts)
    logs = Path(os.environ.get("DVC_ROOT", ".")) / ".logs" / "tensorboard" / board
    optional = (tensorboard(logs, heads, boosts),) if board else ()
    return (kept, print_progress(heads), *optional)


def finish(phase: str, task: Task, trained: Trained, watched) -> None:
    """Weights, best epoch, and the history once more: a run that was killed at its end has no epoch left to watch."""
    best = trained.history[trained.best - 1]
    write_tensors(Path(f"data/models/{phase}.safetensors"), trained.weights, task.spec)
    watched[0](trained.history)
    write_json(Path(f"reports/training/{phase}/best.json"), best_epoch(best, task.heads))
    print(f"{phase}: best epoch {trained.best}, mean macro recall {best.score:.3f}")


if __name__ == "__main__":
    main()
