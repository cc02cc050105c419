"""Keep the embeddings of a model's samples: extract_features.py RECIPE FOLDER --train FOLDER --valid FOLDER
[--weights FILE]. Without weights: of the model before the first phase."""

import argparse
from pathlib import Path

from tailwise.core.params.config import read_params, section, sections
from tailwise.core.params.runtime import Runtime
from tailwise.core.stage.events import Events, events_path, stage_name
from tailwise.core.system.cores import data_workers
from tailwise.engine.checkpoint.recovery import recovery_for
from tailwise.engine.contract.passes import Passes
from tailwise.engine.contract.run import Run, Training, start
from tailwise.engine.evaluate.features import FILE, Extraction, write_features
from tailwise.engine.evaluate.inputs import build_task, read_heads
from tailwise.engine.monitor.backend import backend, keep_backend, log_difference
from tailwise.recipes.recipe import load_recipe

HEADS = Path("data/index/heads.json")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("recipe")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--train", type=Path, required=True)
    parser.add_argument("--valid", type=Path, required=True)
    parser.add_argument("--weights", type=Path)
    args = parser.parse_args()

    recipe, params = load_recipe(args.recipe), read_params()
    config = recipe.for_features(sections(params, recipe.config()))
    passes = section(params, "features", Passes, ignore=("start", "after"))
    training, runtime = section(params, "training", Training), section(params, "runtime", Runtime)
    device, splits = start(training, runtime), (args.train, args.valid)
    task, _ = build_task(recipe, config, read_heads(HEADS), splits, training.seed, args.weights)
    facts = map(repr, [args, config, passes, training, backend(device)])
    inputs = [HEADS, *splits, *([args.weights] if args.weights else [])]
    events = Events(events_path(stage_name()), runtime.verbosity)
    log_difference(device, events)
    run = Run("features", training, device, data_workers(runtime.workers, training.threads), events=events)
    embedder = recipe.embedder(task.model)
    with recovery_for(f"features-{args.folder.name}", facts, inputs) as recovery:
        extraction = Extraction(task, embedder, run, recovery)
        for split, embeddings in zip(splits, (extraction.training(passes), extraction.validation())):
            write_features(args.folder / split.name, split, embeddings, embedder)
        recovery.done(args.folder / args.train.name / FILE)
    keep_backend(device)


if __name__ == "__main__":
    main()
