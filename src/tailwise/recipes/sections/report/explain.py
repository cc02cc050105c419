"""Where the model looked: the attention of a song's positions on each other, and on coarser scales and parts."""

from typing import Any, cast

import torch

from tailwise.core.errors import UserError
from tailwise.engine.batches.memory import TOO_LARGE, catch_oom
from tailwise.engine.contract.task import Task
from tailwise.recipes.sections.features.kinds import position_name
from tailwise.recipes.sections.tracks.matrices import attention, packed, weight_rows


def attention_of(task: Task, sample: str, device: torch.device) -> dict[str, Any]:
    """{"attention": see `packed`, "scales", "pyramid": see `weight_rows`}, of what the model has.

    The model is on `device`, in evaluation mode. Raises UserError if memory does not hold one song.
    """
    valid: Any = task.valid
    inputs = valid.collate([valid[list(valid.names).index(sample)]]).to(device).inputs
    maps = catch_oom(lambda: cast(Any, task.model).attention_maps(inputs["features"], inputs["length"]))
    if maps is None:
        raise UserError(TOO_LARGE)
    arrays = {name: of_song[0].cpu().numpy() for name, of_song in maps.items()}
    rows = row_names(task.model, position_name(valid.features.names, valid.seconds))
    found: dict[str, Any] = {name: weight_rows(arrays[name], rows[name]) for name in rows if name in arrays}
    return found | ({"attention": packed(attention(arrays["attention"]))} if "attention" in arrays else {})


def row_names(model: Any, position: str) -> dict[str, list[str]]:
    """The names of the rows of "scales" and "pyramid". position: the word for one"""
    found: dict[str, list[str]] = {}
    if model.resolutions is not None:
        found["scales"] = [f"each {position}", *(f"{factor} {position}s" for factor in model.resolutions.factors)]
    if model.pyramid is not None:
        parts = [f"1/{number} of the song" if number > 1 else "the song" for number in model.pyramid.parts]
        found["pyramid"] = [f"the {position}", *parts]
    return found
