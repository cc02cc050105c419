"""How long the rules, the model, and both together take for one image, on one core, from opening its file on.

time_answers.py WEIGHTS RULES ROUTING LISTED

Times differ from run to run and are no output: they are printed, and kept in .logs/answers.js, where the report's page
finds them. LISTED names the validation images that were timed.
"""

import json
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from tailwise.core.errors import UserError
from tailwise.core.files import read_csv, read_json, write_csv, write_text
from tailwise.core.params.config import read_params, section
from tailwise.core.stage.folders import pipeline_folder
from tailwise.data.images.canvas import Canvas
from tailwise.data.images.picture import PictureError
from tailwise.engine.checkpoint.weights import INSTEAD_OF, read_weights
from tailwise.recipes.logos.properties.rules import Rules, read_rules
from tailwise.recipes.logos.properties.table import measure_file
from tailwise.recipes.logos.recipe import RECIPE
from tailwise.recipes.logos.source import Source

IMAGES, WARM = 100, 5
"""Images that are timed, and those before them that are not: the first ones load libraries."""


@dataclass(frozen=True)
class Ways:
    """source: opens images; canvas: fits them to the model; threshold: the rules' confidence that suffices"""

    source: Source
    rules: Rules
    model: nn.Module
    canvas: Canvas
    threshold: float

    def timed(self, path: str) -> dict[str, float]:
        """{way: milliseconds} of one image; PictureError for one that cannot be used."""
        opened, content = clocked(lambda: self.source.reader.read(Path(self.source.root), path))
        ruled, sure = clocked(lambda: self.rules.probabilities(measure_file(content)[None]).max())
        modelled, _ = clocked(lambda: self.answer(content))
        hybrid = opened + ruled + (modelled if sure < self.threshold else 0.0)
        return {"rules": opened + ruled, "model": opened + modelled, "hybrid": hybrid}

    @torch.no_grad()
    def answer(self, content: bytes) -> None:
        square = np.asarray(self.canvas.read(content)[0]).transpose(2, 0, 1).copy()
        self.model(torch.from_numpy(square)[None])


def main() -> None:
    weights, rules, routing, listed = map(Path, sys.argv[1:5])
    torch.set_num_threads(1)
    tensors, facts = read_weights(weights)
    model, spec = RECIPE.from_specification({name: of for name, of in facts.items() if name != INSTEAD_OF})
    model.load_state_dict(tensors)
    source = section(read_params(), "data", Source)
    ways = Ways(source, read_rules(rules), model.eval(), spec.canvas, read_json(routing)["threshold"])
    found: dict[str, dict[str, float]] = {}
    for row in spread(read_csv(Path("data/index/valid.csv")), WARM + IMAGES):
        with suppress(PictureError):
            found[row["sample"]] = ways.timed(row["path"])
    names = list(found)[WARM:] or list(found)
    if not names:
        raise UserError("no validation image can be read: see quarantine.csv in data/prepared/valid")
    report([found[name] for name in names])
    write_csv(listed, ["sample"], ([name] for name in names))


def spread(rows: list[dict[str, str]], most: int) -> list[dict[str, str]]:
    """Up to `most` rows, evenly over the table, so that all classes are among them."""
    return [rows[place * len(rows) // most] for place in range(most)] if len(rows) > most else rows


def clocked(work: Callable[[], Any]) -> tuple[float, Any]:
    """(milliseconds, what it returns)"""
    start = time.perf_counter()
    found = work()
    return 1000 * (time.perf_counter() - start), found


def report(times: list[Mapping[str, float]]) -> None:
    """Print and keep the mean and the longest time of each way."""
    ways = {way: [of_image[way] for of_image in times] for way in ("rules", "model", "hybrid")}
    kept = {way: {"mean": round(float(np.mean(of)), 2), "longest": round(max(of), 2)} for way, of in ways.items()}
    text = json.dumps({"images": len(times), **kept})
    write_text(pipeline_folder() / ".logs/answers.js", f"window.answerTimes = {text};\n")
    told = ", ".join(f"{way} {of['mean']:.1f} ms" for way, of in kept.items())
    print(f"an image in the mean of {len(times)}: {told}")


if __name__ == "__main__":
    main()
