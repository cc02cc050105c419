"""Judge a model on a split: evaluate.py RECIPE WEIGHTS SPLIT-FOLDER FIGURES [--answers FOLDER]."""

import argparse
import importlib
from pathlib import Path

from tailwise.core.config import read_params, section, sections
from tailwise.core.cores import data_workers
from tailwise.core.files import write_csv, write_json
from tailwise.core.runtime import Runtime
from tailwise.engine.evaluate import answer, answer_rows, figures
from tailwise.engine.inputs import read_heads
from tailwise.engine.run import Run, Training, start
from tailwise.engine.weights import load_into


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("recipe")
    parser.add_argument("weights", type=Path)
    parser.add_argument("split", type=Path)
    parser.add_argument("figures", type=Path)
    parser.add_argument("--answers", type=Path)
    args = parser.parse_args()

    recipe, params = importlib.import_module(f"{args.recipe}.task"), read_params()
    training, runtime = section(params, "training", Training), section(params, "runtime", Runtime)
    device, heads = start(training, runtime), read_heads(Path("data/index/heads.json"))
    task = recipe.build(sections(params, recipe.Config), heads, None, args.split, training.seed)
    load_into(task.model, task.spec, args.weights)
    answers = answer(task, Run("evaluate", training, device, data_workers(runtime.workers, training.threads)))
    write_json(args.figures, figures(task, answers))
    if args.answers:
        for name, of_head in answers.items():
            header, rows = answer_rows(task.valid, of_head)
            write_csv(args.answers / f"{name}.csv", header, rows)


if __name__ == "__main__":
    main()
