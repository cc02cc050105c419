"""Where the model looked: the attention of a song's positions on each other."""

from typing import Any, cast

import torch

from tailwise.core.errors import UserError
from tailwise.engine.batches.memory import TOO_LARGE, catch_oom
from tailwise.engine.contract.task import Task
from tailwise.recipes.sections.tracks.matrices import attention, packed


def attention_of(task: Task, sample: str, device: torch.device) -> dict[str, Any]:
    """{"attention": matrix}, see `packed`; {} for a model without self-attention.

    The model is on `device`, in evaluation mode. Raises UserError if memory does not hold one song.
    """
    item = task.valid[list(task.valid.names).index(sample)]
    inputs = task.valid.collate([item]).to(device).inputs
    maps = catch_oom(lambda: cast(Any, task.model).attention_maps(inputs["features"], inputs["length"]))
    if maps is None:
        raise UserError(TOO_LARGE)
    return {"attention": packed(attention(maps["attention"][0].cpu().numpy()))} if "attention" in maps else {}
