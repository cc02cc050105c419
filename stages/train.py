"""Train one phase: train.py RECIPE PHASE --train FOLDER --valid FOLDER [--init WEIGHTS]."""

import argparse
import importlib
from pathlib import Path

from tailwise.balance.files import read_rebalancing
from tailwise.core.config import read_params, section, sections
from tailwise.core.runtime import Runtime
from tailwise.engine.clock import print_left
from tailwise.engine.history import write_history
from tailwise.engine.inputs import class_boosts, read_heads, sample_places
from tailwise.engine.loop import train_phase
from tailwise.engine.phase import Phase, parameter_lines
from tailwise.engine.record import print_progress
from tailwise.engine.recovery import recovery_for
from tailwise.engine.run import Run, Training, start
from tailwise.engine.weights import load_into, write_tensors


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("recipe")
    parser.add_argument("phase")
    parser.add_argument("--train", type=Path, required=True)
    parser.add_argument("--valid", type=Path, required=True)
    parser.add_argument("--init", type=Path)
    args = parser.parse_args()

    recipe, params = importlib.import_module(f"{args.recipe}.task"), read_params()
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
    with recovery_for(args.phase, map(repr, [args, training, phase, config]), inputs) as recovery:
        observers = (print_progress(heads), print_left())
        run = Run(args.phase, training, device, runtime.workers, recovery, observers)
        trained = train_phase(task, phase, places, boost, run)
        write_tensors(Path(f"data/models/{args.phase}.safetensors"), trained.weights, task.spec)
        write_history(Path(f"reports/training/{args.phase}"), trained, heads)
    print(f"{args.phase}: best epoch {trained.best}, mean macro recall {trained.history[trained.best - 1].score:.3f}")


if __name__ == "__main__":
    main()
