"""Where the model looked: the views of a foul with the attention that a head gave them."""

from typing import Any, cast

import torch

from tailwise.core.errors import UserError
from tailwise.data.video.strips import spaced, strip
from tailwise.engine.batches.memory import TOO_LARGE, catch_oom
from tailwise.engine.contract.task import Task


def views(task: Task, sample: str, head: str, device: torch.device) -> list[dict[str, Any]]:
    """{"attention", "frames", "strip"} of each view; the model is on `device`, in evaluation mode.

    Raises UserError if memory does not hold one foul.
    """
    item = task.valid[list(task.valid.names).index(sample)]
    looked = catch_oom(lambda: cast(Any, task.model).look(**task.valid.collate([item]).to(device).inputs))
    if looked is None:
        raise UserError(TOO_LARGE)
    _, attention = looked
    pairs = zip(attention[head][0].tolist(), item[1])
    return [{"attention": a, "frames": len(spaced(len(frames))), "strip": strip(frames)} for a, frames in pairs]
