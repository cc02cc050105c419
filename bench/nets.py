"""The pipeline's model, trained in one phase on all frames, on one frame, or on shuffled frames.

All by one recipe, phase 2's, from fresh weights, on all training fouls. The figures are the last epoch's, so that no
epoch is chosen on the validation fouls.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from tailwise.core.batch import Batch
from tailwise.core.heads import Head
from tailwise.core.params.config import section, sections
from tailwise.core.params.runtime import Runtime
from tailwise.core.stage.events import Events
from tailwise.core.system.cores import data_workers
from tailwise.data.video.store.clips import Clips
from tailwise.engine.contract.phase import Phase
from tailwise.engine.contract.run import Run, Training, start
from tailwise.engine.contract.task import Outputs, Task
from tailwise.engine.monitor.observers import print_progress
from tailwise.engine.train.loop import train_phase
from tailwise.losses.head.boost import ClassBoost
from tailwise.losses.head.cross_entropy import cross_entropy
from tailwise.metrics.classification import Classification
from tailwise.recipes.fouls import task as fouls

Change = Callable[[np.ndarray, tuple[int, int]], np.ndarray]
"""(frames (T, H, W, 3), (sample, view)) to changed frames of the same shape."""


class Changed:
    """Samples of the clip store with the frames of each view changed."""

    def __init__(self, clips: Clips, change: Change):
        self.clips, self.change = clips, change
        self.names, self.collate, self.labels, self.groups = clips.names, clips.collate, clips.labels, clips.groups

    def __len__(self) -> int:
        return len(self.clips)

    def __getitem__(self, i: int) -> tuple[int, list[np.ndarray]]:
        _, views = self.clips[i]
        return i, [self.change(frames, (i, number)) for number, frames in enumerate(views)]


def contact_alone(frames: np.ndarray, place: tuple[int, int]) -> np.ndarray:
    """Replace each frame by the frame of contact, in the middle of the window."""
    return np.repeat(frames[len(frames) // 2][None], len(frames), axis=0)


def shuffle(frames, key: tuple[int, ...]):
    """Shuffle frames (array or tensor) by an order that depends only on the key."""
    return frames[np.random.default_rng(key).permutation(len(frames))]


def shuffle_views(batch: Batch, keys: np.ndarray) -> Batch:
    """Shuffle the frames of each view; the order depends on the sample's key (with the epoch) and the view's index."""
    clips = batch.inputs["clips"].clone()
    for b, v in batch.inputs["mask"].nonzero().tolist():
        clips[b, v] = shuffle(clips[b, v], (*map(int, keys[b]), v, 1))
    return replace(batch, inputs={**batch.inputs, "clips": clips})


def one_frame(task: Task) -> Task:
    """The task on the frame of contact alone, repeated."""
    return replace(task, train=Changed(task.train, contact_alone), valid=Changed(task.valid, contact_alone))


def any_order(task: Task) -> Task:
    """The task on frames in an order drawn anew in each epoch of training, and fixed in validation."""

    def prepare(batch: Batch, strength: float, keys: np.ndarray) -> Batch:
        return shuffle_views(task.prepare(batch, strength, keys), keys)

    return replace(task, prepare=prepare, valid=Changed(task.valid, shuffle))


def balanced_softmax(outputs: Outputs, batch: Batch, boost: dict[str, ClassBoost]) -> dict[str, torch.Tensor]:
    """Cross entropy of the logits plus the logarithm of the classes' shares in training.

    Without it all rare classes end at 0 recall and the nets could not be compared; it has no number to tune, and
    is Fisher consistent for macro recall. Source: https://arxiv.org/abs/2007.10740
    """
    counts = {name: of_head.counts for name, of_head in boost.items()}
    shares = {name: (of_head / of_head.sum()).log() for name, of_head in counts.items()}
    return {name: cross_entropy(outputs[name] + shares[name], batch.targets[name]) for name in shares}


def rare_count(task: Task) -> Task:
    """The task with balanced softmax for a loss."""
    return replace(task, loss=balanced_softmax)


def no_boost(heads: tuple[Head, ...], clips: Clips) -> dict[str, ClassBoost]:
    """The same weight for every class, with its number of samples."""
    sizes = {head.name: len(head.classes) for head in heads}
    counts = {name: torch.from_numpy(np.bincount(clips.labels(name), minlength=size)) for name, size in sizes.items()}
    return {name: ClassBoost(torch.ones(size), counts[name].float()) for name, size in sizes.items()}


@dataclass(frozen=True)
class Setting:
    """Where the clip store is, the parameters as read, and how long each net is trained."""

    store: Path
    params: dict
    epochs: int


def train(
    setting: Setting, heads: tuple[Head, ...], name: str, change: Callable[[Task], Task]
) -> dict[str, np.ndarray]:
    """{head: confusion counts of the validation fouls} after the last epoch of one phase on all training fouls."""
    params = setting.params
    training, runtime = section(params, "training", Training), section(params, "runtime", Runtime)
    phase = replace(section(params, "phase2.train", Phase), epochs=setting.epochs)
    device, config = start(training, runtime), sections(params, fouls.Config)
    task = change(fouls.build(config, heads, setting.store / "train", setting.store / "valid", training.seed))
    workers = data_workers(runtime.workers, training.threads)
    run = Run(f"probe {name}", training, device, workers, observers=(print_progress(task.metrics, Events()),))
    last = train_phase(task, phase, range(len(task.train)), no_boost(heads, task.train), run).history[-1]
    return {head.name: Classification(head).matrix(np.asarray(last.totals[head.name])) for head in heads}
