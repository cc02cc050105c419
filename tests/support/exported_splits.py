"""Small pipelines as their stage `export` finds them: params.yaml, a prepared split valid, and weights."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
import yaml

from support.logos import pictures
from support.params import with_values
from support.sections import songs
from support.video import actions, stores
from tailwise.core.heads import Head
from tailwise.core.params.config import read_params, sections
from tailwise.engine.checkpoint.weights import write_weights
from tailwise.recipes.recipe import load_recipe

ROOT = Path(__file__).parents[2]
WEIGHTS = Path("data/models/selected.safetensors")
ONE_THREAD = {"training.threads": 1}


def write_fouls() -> Path:
    return stores.write_store(Path("data/clips/valid"), "valid", seed=3)


def write_sections() -> Path:
    songs.write_prepared(Path(), songs.make_songs(9))
    return Path("data/prepared/valid")


def write_logos() -> Path:
    return pictures.write_split(Path("data/prepared/valid"), 14)


def write_actions() -> Path:
    folder, count = Path("data/features/valid"), 10
    folder.mkdir(parents=True)
    actions.write_tokens(folder, count, (False,), dict.fromkeys(actions.STREAMS.dims, "x"))
    for clip in range(count):
        actions.film(Path(f"data/demo/c{clip}.mp4"), actions.CLASSES[clip % 3], clip)
    return folder


SMALL: Mapping[str, tuple[str, Callable[[], Path], tuple[Head, ...], dict[str, Any]]] = {
    "fouls": (".", write_fouls, stores.HEADS, {"model.backbone.width": 8}),
    "sections": (
        "pipelines/sections",
        write_sections,
        (songs.HEAD,),
        {"model.recurrence.hidden": 8, "model.projections.widths": [8]},
    ),
    "logos": ("pipelines/logos", write_logos, (pictures.HEAD,), {"model.backbone.width": 4}),
    "actions": (
        "pipelines/actions",
        write_actions,
        (actions.HEAD,),
        {"streams.motion.width": 8, "model.width": 16, "model.fusion.heads": 2},
    ),
}
"""{pipeline: (its folder, what writes its split, its heads, params of a small model)}"""


def write_pipeline(name: str) -> Path:
    """The split's folder; everything is written into the working folder."""
    place, write, heads, small = SMALL[name]
    params = with_values(read_params(ROOT / place / "params.yaml"), small | ONE_THREAD)
    Path("params.yaml").write_text(yaml.safe_dump(params))
    split, recipe = write(), load_recipe(f"tailwise.recipes.{name}")
    task = recipe.build(sections(params, recipe.config()), heads, None, split, 1)
    with torch.no_grad():
        for parameter in task.model.parameters():  # many begin at 0
            parameter += 0.1 * torch.randn(parameter.shape, generator=torch.Generator().manual_seed(1))
    write_weights(WEIGHTS, task.model.state_dict(), task.spec, task.spec)
    return split
