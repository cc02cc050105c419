"""What the model looked at: a clip's frames, how much each matters, and the attention between the streams."""

from typing import Any, cast

import torch

from tailwise.core.errors import UserError
from tailwise.data.video.store.tokens import Tokens
from tailwise.data.video.strips import spaced, strip
from tailwise.engine.batches.memory import TOO_LARGE, catch_oom
from tailwise.engine.contract.task import Task
from tailwise.models.action.model import ActionModel
from tailwise.recipes.actions.insight.importance import frame_importance
from tailwise.recipes.actions.report.strips import frames_of


def explain(task: Task, sample: str, head: str, device: torch.device) -> dict[str, Any]:
    """{"strip", "frames": in the strip, "attention": {the stream that asks: rows of a map, 1 in sum}, "importance":
    of each frame for the prediction, in nats; empty where the clip cannot be read any more}.

    Of several views the first is shown. The model is on `device`, in evaluation mode. Raises UserError if memory does
    not hold one clip.
    """
    split, model = cast(Tokens, task.valid), cast(ActionModel, task.model)
    place = split.names.index(sample)
    inputs = split.collate([split[place]]).to(device).inputs
    looked = catch_oom(lambda: model.look(**inputs))
    if looked is None:
        raise UserError(TOO_LARGE)
    maps = {name: [rounded(row) for row in of[0].mean(dim=0).tolist()] for name, of in looked[1].items()}
    frames = frames_of(split.facts, split.rows[place]["path"])
    found = {"strip": "", "frames": 0, "attention": maps, "importance": []}
    if frames is None:
        return found
    clip, predicted = torch.from_numpy(frames).to(device), int(looked[0][head][0].argmax())
    importance = catch_oom(lambda: frame_importance(model, clip, head, predicted))
    told = [] if importance is None else rounded(importance.tolist())
    return {**found, "strip": strip(frames), "frames": len(spaced(len(frames))), "importance": told}


def rounded(values: list[float]) -> list[float]:
    return [round(value, 4) for value in values]
