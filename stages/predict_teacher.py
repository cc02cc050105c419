"""Keep a teacher's answers to the samples of a split: predict_teacher.py RECIPE TEACHER SPLIT-FOLDER FOLDER.

TEACHER: a weights file, or the ensemble.json of an ensemble, see docs/distillation.md
"""

import argparse
from pathlib import Path

from tailwise.core.params.config import read_params, sections
from tailwise.core.stage.events import Events, events_path, stage_name
from tailwise.core.system.cores import data_workers
from tailwise.engine.contract.run import Run, start
from tailwise.engine.evaluate.inputs import ComputeConfig, read_heads
from tailwise.engine.evaluate.teacher import ask, write_answers
from tailwise.engine.monitor.backend import keep_backend, log_difference
from tailwise.ensemble.file import read_ensemble
from tailwise.recipes.recipe import load_recipe
from tailwise.recipes.teachers import read_teacher

HEADS = Path("data/index/heads.json")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("recipe")
    for name in ("teacher", "split", "folder"):
        parser.add_argument(name, type=Path)
    args, params = parser.parse_args(), read_params()

    recipe = load_recipe(args.recipe)
    config, by = sections(params, recipe.config()), sections(params, ComputeConfig)
    device, events = start(by.training, by.runtime), Events(events_path(stage_name()), by.runtime.verbosity)
    log_difference(device, events)
    run = Run("teacher", by.training, device, data_workers(by.runtime.workers, by.training.threads), events=events)
    task = recipe.build(config, read_heads(HEADS), None, args.split, 0)  # a seed of weights that nobody asks
    is_ensemble = args.teacher.suffix == ".json"
    files = [(part.path, part.weight) for part in read_ensemble(args.teacher)] if is_ensemble else [(args.teacher, 1.0)]
    answers = ask(task, read_teacher(recipe, config, task, args.split, files), run)
    write_answers(args.folder, task.heads, task.valid.names, answers)
    print(f"{args.folder}: answers of {args.teacher} to {len(task.valid)} samples")
    keep_backend(device)


if __name__ == "__main__":
    main()
