"""What the model looked at: a clip's frames, and the attention between the time steps of the streams."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import torch

from tailwise.core.errors import UserError
from tailwise.core.files import read_csv
from tailwise.data.video.decode.spread import Spread
from tailwise.data.video.store.tokens import Facts, Tokens, read_facts
from tailwise.data.video.strips import spaced, strip
from tailwise.engine.batches.memory import TOO_LARGE, catch_oom
from tailwise.engine.contract.task import Task
from tailwise.models.action.model import ActionModel
from tailwise.recipes.actions.frames import decode_each


def strips(split: Path, samples: Sequence[str]) -> list[dict[str, Any]]:
    """{"sample", "strip"} of each sample of a split of features; without a strip where a clip is gone."""
    paths = {row["sample"]: row["path"] for row in read_csv(split / "manifest.csv")}
    found = _strips(read_facts(split), [paths[sample] for sample in samples])
    return [{"sample": sample, "strip": of_sample} for sample, of_sample in zip(samples, found)]


def _strips(facts: Facts, paths: Sequence[str]) -> list[str]:
    """The film strip of each clip; "" where it cannot be read any more."""
    found = [""] * len(paths)
    for place, frames in decode_each(Path(facts.root), paths, Spread(**facts.cut)):
        found[place] = frames if isinstance(frames, str) else strip(frames)
    return [each if each.startswith("data:") else "" for each in found]


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
    frames = len(spaced(split.facts.cut["frames"]))
    return {"strip": _strips(split.facts, [split.rows[place]["path"]])[0], "frames": frames, "attention": maps}
