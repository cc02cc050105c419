"""What the streams tell of the class, and what answers on validation rest on: insight.py WEIGHTS REPORT."""

import sys
from pathlib import Path
from typing import cast

from tailwise.core.files import write_json
from tailwise.core.params.config import read_params, sections
from tailwise.data.video.store.tokens import Tokens
from tailwise.engine.evaluate.inputs import ComputeConfig, trained_task
from tailwise.engine.monitor.backend import keep_backend
from tailwise.recipes.actions.insight.quality import stream_quality
from tailwise.recipes.actions.insight.summary import summarise
from tailwise.recipes.actions.recipe import RECIPE
from tailwise.recipes.actions.task import Config
from tailwise.recipes.recipe import Recipe


def main() -> None:
    params, features = read_params(), Path("data/features")
    config, by = sections(params, Config), sections(params, ComputeConfig)
    task, run = trained_task(cast(Recipe, RECIPE), config, by, Path(sys.argv[1]), features / "valid")
    task.model.to(run.device).eval()
    train, found = Tokens(features / "train", task.heads), {}
    for head in task.heads:
        quality = stream_quality(train, cast(Tokens, task.valid), head.name)
        found[head.name] = {"quality": quality, **summarise(task, head, run.device)}
        for name, of in quality.items():
            print(f"{name}: {of['linear']:.3f} by a linear probe, {of['linear_in_order']:.3f} with the order of tokens")
    write_json(Path(sys.argv[2]), found)
    keep_backend(run.device)


if __name__ == "__main__":
    main()
