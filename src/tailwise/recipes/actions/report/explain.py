"""What the model looked at: a clip's frames, and the attention between the time steps of the streams."""

from typing import Any, cast

import torch

from tailwise.core.errors import UserError
from tailwise.data.video.store.tokens import Tokens
from tailwise.data.video.strips import spaced
from tailwise.engine.batches.memory import TOO_LARGE, catch_oom
from tailwise.engine.contract.task import Task
from tailwise.models.action.model import ActionModel
from tailwise.recipes.actions.report.strips import strip_of


def explain(task: Task, sample: str, device: torch.device) -> dict[str, Any]:
    """{"strip", "frames": in the strip, "attention": {the stream that asks: rows of a map, 1 in sum}}.

    The model is on `device`, in evaluation mode. Raises UserError if memory does not hold one clip.
    """
    split, model = cast(Tokens, task.valid), cast(ActionModel, task.model)
    place = split.names.index(sample)
    inputs = split.collate([split[place]]).to(device).inputs
    looked = catch_oom(lambda: model.look(**inputs))
    if looked is None:
        raise UserError(TOO_LARGE)
    maps = {name: [[round(x, 4) for x in row] for row in of[0].mean(dim=0).tolist()] for name, of in looked[1].items()}
    facts = split.facts
    frames = len(spaced(facts.looks.sampling.frames if facts.looks else facts.cut["frames"]))
    return {"strip": strip_of(facts, split.rows[place]["path"]), "frames": frames, "attention": maps}
