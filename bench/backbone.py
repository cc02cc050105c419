"""A training step of the tiny backbone with each of its options, against the one it had at first."""

from dataclasses import replace
from pathlib import Path

import torch

from measure import Table, interleave, ratio, seconds
from setting import HEADS, Setting, loss_of, optimizer_of, setting_of, start_as_stages
from tailwise.core.params.config import read_params, sections
from tailwise.models.video.tiny import Tiny
from tailwise.recipes.fouls import task as fouls

FIRST = Tiny("tiny", 16)
OPTIONS = {
    "first": FIRST,
    "differences": replace(FIRST, motion="differences"),
    "differences, residual": replace(FIRST, motion="differences", residual=True),
    "differences, batch norm": replace(FIRST, motion="differences", norm="batch"),
}


def steps(params: dict, setting: Setting, options: Tiny) -> None:
    """Training steps over all batches, without augmentation."""
    torch.manual_seed(0)
    shape = tuple(params["window"][side] for side in ("frames", "height", "width"))
    model = replace(sections(params, fouls.Config).model, backbone=options).build(HEADS, shape).train()
    optimizer = optimizer_of(model, setting.phase)
    for batch in setting.train:
        optimizer.zero_grad()
        loss_of(model, batch).backward()
        optimizer.step()


def tables(repeats: int = 7) -> list[Table]:
    params = read_params(Path("params.yaml"))
    setting = setting_of(params, (160, 16))
    start_as_stages(setting.training)
    times = interleave({name: lambda of=of: steps(params, setting, of) for name, of in OPTIONS.items()}, repeats)
    ratios = [ratio(times, name, "first", most=1.3) for name in OPTIONS if name != "first"]
    title = f"{len(setting.train)} training steps of the tiny backbone, {setting.training.threads} threads"
    return [Table(title, [*seconds(times), *ratios])]
