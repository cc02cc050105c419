"""The mistakes that the model was surest of, as film strips: show_mistakes.py RECIPE WEIGHTS SPLIT-FOLDER."""

import argparse
import importlib
from dataclasses import asdict
from pathlib import Path

import torch

from tailwise.core.errors import UserError
from tailwise.core.files import write_json
from tailwise.core.params.config import read_params, sections
from tailwise.data.video.strips import spaced, strip
from tailwise.engine.batches.memory import TOO_LARGE, catch_oom
from tailwise.engine.contract.task import Task
from tailwise.engine.evaluate.inputs import ComputeConfig, trained_task
from tailwise.engine.monitor.backend import keep_backend
from tailwise.evaluation.mistakes import read_mistakes, surest

OF_EACH = 12
"""Mistakes of a head."""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("recipe")
    parser.add_argument("weights", type=Path)
    parser.add_argument("split", type=Path)
    args = parser.parse_args()

    recipe, params = importlib.import_module(f"{args.recipe}.task"), read_params()
    config, by = sections(params, recipe.Config), sections(params, ComputeConfig)
    task, run = trained_task(recipe, config, by, args.weights, args.split)
    task.model.to(run.device).eval()
    mistakes = {
        head.name: surest(read_mistakes(Path(f"reports/evaluation/{head.name}.csv")), OF_EACH) for head in task.heads
    }
    shown = {
        head: [{**asdict(one), "views": views(task, one.sample, head, run.device)} for one in of_head]
        for head, of_head in mistakes.items()
    }
    write_json(Path("reports/mistakes.json"), shown)
    keep_backend(run.device)


def views(task: Task, sample: str, head: str, device: torch.device) -> list[dict]:
    """Each view's film strip, how many frames it shows, and the weight that the head's attention gave the view."""
    item = task.valid[list(task.valid.names).index(sample)]
    looked = catch_oom(lambda: task.model.look(**task.valid.collate([item]).to(device).inputs))
    if looked is None:
        raise UserError(TOO_LARGE)
    _, attention = looked
    pairs = zip(attention[head][0].tolist(), item[1])
    return [{"attention": a, "frames": len(spaced(len(frames))), "strip": strip(frames)} for a, frames in pairs]


if __name__ == "__main__":
    main()
