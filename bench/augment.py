"""One epoch of training with augmentation against one without: the default's set, and every option at once.

Made-up clips, the pipeline's own model, batch, loss and threads, each sample at strength 1. Dropped views are left out:
they make an epoch shorter.
"""

import copy
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import torch
from torch import nn

from measure import Table, interleave, ratio, seconds
from setting import HEADS, NAME, Setting, even_boost, model_of, setting_of, start_as_stages
from tailwise.core.params.config import read_params, section
from tailwise.data.video.augment.ranges import Augment
from tailwise.engine.contract.run import Run
from tailwise.engine.contract.task import Task
from tailwise.engine.train.loop import train_phase
from tailwise.recipes.fouls.loss import PER_VIEW, foul_loss
from tailwise.recipes.fouls.prepare import preparation

OTHERS = Augment(
    mirror=0.5,
    shift=0.1,
    brightness=0.3,
    delay=0,
    zoom=0.2,
    rotate=10.0,
    contrast=0.3,
    colour=0.2,
    speed=0.3,
    drop_frames=0.1,
    reverse=0.5,
    erase=0.4,
    reversible={HEADS[0].name: HEADS[0].classes},
)


def epoch(model: nn.Module, setting: Setting, augment: Augment | None) -> None:
    """One epoch without validation."""
    prepare = preparation(augment, HEADS, 0) if augment else lambda batch, strength, keys: batch
    task = Task(HEADS, model, {}, *setting.made, prepare, foul_loss, auxiliary=(PER_VIEW,))
    phase = replace(setting.phase, augment=1.0, hand_over="best")
    train_phase(
        task, phase, range(len(setting.made[0])), even_boost(), Run(NAME, setting.training, torch.device("cpu"))
    )


def tables(repeats: int = 9) -> list[Table]:
    params = read_params(Path("params.yaml"))
    setting, model = setting_of(params), model_of(params)
    start_as_stages(setting.training)
    default = replace(section(params, "augment", Augment), drop_views=0.0)
    sets = {"none": None, "the default's": default, "every option": OTHERS}

    def work(augment: Augment | None) -> Callable[[], None]:
        return lambda: epoch(copy.deepcopy(model), setting, augment)

    times = interleave({name: work(augment) for name, augment in sets.items()}, repeats)
    ratios = [ratio(times, "the default's", "none", most=1.10), ratio(times, "every option", "none")]
    fouls, threads = len(setting.made[0]), setting.training.threads
    title = f"Augmentation in an epoch of {fouls} fouls of two views, {threads} threads"
    return [Table(title, [*seconds(times), *ratios])]
