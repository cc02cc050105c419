"""One training: a method, a learning rate and a seed, at a reduced size."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
import torch
from torch import nn

from baselines.methods import Labelled, Method, epochs_of, rebalancing
from tailwise.balance.boosts import Target
from tailwise.core.heads import Head
from tailwise.core.params.runtime import Runtime
from tailwise.data.video.store.clips import Clips
from tailwise.engine.contract import run as engine
from tailwise.engine.contract.phase import Phase
from tailwise.engine.contract.run import Stability
from tailwise.engine.contract.task import Task
from tailwise.engine.evaluate.inputs import class_boosts, sample_indices
from tailwise.engine.evaluate.validate import totals
from tailwise.engine.monitor.history import best_epoch
from tailwise.engine.train.loop import train_phase
from tailwise.recipes.fouls import task as fouls

UNGUARDED = Stability(guards=False)
"""Methods are compared as they are, without help."""
CPU, ON_PROCESSOR = torch.device("cpu"), Runtime("cpu", 0, 1, False)


@dataclass(frozen=True)
class Cells:
    """seeds: 1, 2, ... of each method; rates: learning rates it may choose among, by the mean score of its first
    `chosen_on` seeds on validation; epochs: passes over all training samples that every method's optimizer steps
    equal; shrink: how many pixels of each side become one; workers: cells that are trained at a time."""

    seeds: int
    rates: tuple[float, ...]
    chosen_on: int
    epochs: int
    shrink: int
    workers: int

    def __post_init__(self):
        if not 1 <= self.chosen_on <= self.seeds or min(self.epochs, self.shrink, self.workers) < 1 or not self.rates:
            raise ValueError("1 <= chosen_on <= seeds, epochs, shrink and workers at least 1, and a rate are needed")


@dataclass(frozen=True)
class Setting:
    """All that the cells of a method share. phase: but for its epochs and lr, which are each one's own."""

    method: Method
    cells: Cells
    phase: Phase
    target: Target
    training: engine.Training
    config: fouls.Config
    heads: tuple[Head, ...]
    store: Path


class Shrunk:
    """A split of the clip store in memory, its pictures made smaller by averaging."""

    def __init__(self, clips: Clips, by: int):
        self.clips, self.margin = clips, clips.margin
        self.names, self.collate, self.labels, self.groups = clips.names, clips.collate, clips.labels, clips.groups
        self._items = [[shrink(frames, by) for frames in clips[i][1]] for i in range(len(clips))]

    def __len__(self) -> int:
        return len(self._items)

    def __getitem__(self, i: int) -> tuple[int, list[np.ndarray]]:
        return i, self._items[i]


def shrink(frames: np.ndarray, by: int) -> np.ndarray:
    """(T, H, W, 3) uint8 to (T, H // by, W // by, 3), each pixel the rounded mean of by x by."""
    t, height, width, _ = frames.shape
    cut = frames[:, : height // by * by, : width // by * by].astype(np.uint16)
    blocks = cut.reshape(t, height // by, by, width // by, by, 3)
    return np.round(blocks.mean(axis=(2, 4))).astype(np.uint8)


class Adjusted(nn.Module):
    """A model whose answers, but not its training, are less the logarithm of the classes' shares in training."""

    def __init__(self, model: nn.Module, shares: dict[str, torch.Tensor]):
        super().__init__()
        self.model, self.shares = model, shares

    def forward(self, **inputs) -> dict[str, torch.Tensor]:
        logits = self.model(**inputs)
        return logits if self.training else {name: x - self.shares[name].log() for name, x in logits.items()}


def build(setting: Setting, seed: int, train: Shrunk | None, valid: Shrunk) -> Task:
    """The fouls task on shrunken clips."""
    task = fouls.build(setting.config, setting.heads, setting.store / "train", setting.store / "valid", seed)
    if setting.method.adjusted:
        counts = describe(task.train, setting.heads).counts
        sizes = {name: torch.tensor(list(of_head.values())).float() for name, of_head in counts.items()}
        shares = {name: of_head / of_head.sum() for name, of_head in sizes.items()}
        task = replace(task, model=Adjusted(task.model, shares))
    return replace(task, train=train or task.train, valid=valid)


def describe(clips: Clips, heads: tuple[Head, ...]) -> Labelled:
    labels = {head.name: [head.classes[i] if i >= 0 else "" for i in clips.labels(head.name)] for head in heads}
    return Labelled(list(clips.names), labels, {head.name: list(head.classes) for head in heads})


def train_cell(setting: Setting, train: Shrunk, valid: Shrunk, lr: float, seed: int) -> dict:
    """Train all phases of the method; the weights it ends with, and what validation and the clock say of them.

    The last epoch counts, not the best one: methods differ in how many epochs their steps make.
    """
    begun, training = time.process_time(), replace(setting.training, seed=seed)
    task, samples = build(setting, seed, train, valid), describe(train.clips, setting.heads)
    total, done, due = setting.cells.epochs * -(-len(train) // training.batch_size), 0, 0.0
    before, best = {}, {}
    for number, part in enumerate(setting.method.phases, start=1):
        name = f"phase{number}"
        of_phase = rebalancing(name, part, samples, setting.method.balance, setting.target, before, best)
        places = sample_indices(train, of_phase.samples)
        due += part.share * total
        epochs = epochs_of(due - done, len(places), training.batch_size)
        done += epochs * -(-len(places) // training.batch_size)
        phase = replace(setting.phase, epochs=epochs, lr=lr * part.lr)
        boost = class_boosts(of_phase, setting.heads, train, places)
        run = engine.Run(name, training, CPU, stability=UNGUARDED)
        record = train_phase(task, phase, places, boost, run).history[-1]
        before, best = of_phase.boost, best_epoch(record, task.metrics)
    matrices = matrices_of(task, record.totals)
    seconds, weights = time.process_time() - begun, {n: t.clone() for n, t in task.model.state_dict().items()}
    return {"weights": weights, "score": record.score, "valid": matrices, "steps": done, "seconds": seconds}


def choose_rate(scores: dict[float, Sequence[float]]) -> float:
    """The rate with the highest mean score, the smaller of equals."""
    return min(scores, key=lambda rate: (-sum(scores[rate]) / len(scores[rate]), rate))


@cache
def load(store: Path, split: str, heads: tuple[Head, ...], by: int) -> Shrunk:
    """A split, read once a process."""
    return Shrunk(Clips(store / split, heads, with_margin=split == "train"), by)


def run_cell(setting: Setting, cell: tuple[float, int]) -> dict:
    """`train_cell` of a (learning rate, seed), in a process of its own."""
    engine.start(setting.training, ON_PROCESSOR)
    train, valid = (load(setting.store, split, setting.heads, setting.cells.shrink) for split in ("train", "valid"))
    return train_cell(setting, train, valid, *cell)


def score_cell(setting: Setting, weights: dict[str, torch.Tensor], split: str) -> dict[str, list[list[int]]]:
    """{head: confusion counts} of trained weights on a split."""
    engine.start(setting.training, ON_PROCESSOR)
    task = build(setting, 1, None, load(setting.store, split, setting.heads, setting.cells.shrink))
    task.model.load_state_dict(weights)
    return matrices_of(task, totals(task, engine.Run("score", setting.training, CPU)))


def matrices_of(task: Task, totals: dict[str, list[float]]) -> dict[str, list[list[int]]]:
    """{head: confusion counts}"""
    return {head.name: task.metrics[head.name].matrix(totals[head.name]).tolist() for head in task.heads}
