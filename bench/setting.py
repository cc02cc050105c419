"""Shared by the training benchmarks: synthetic clips, and the batches and settings of one epoch."""

from dataclasses import dataclass, replace

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from tailwise.core.batch import Batch
from tailwise.core.heads import Head
from tailwise.core.params.config import read_params, section, sections
from tailwise.core.params.runtime import Runtime
from tailwise.engine.batches.order import chunks, epoch_order
from tailwise.engine.contract.phase import Phase
from tailwise.engine.contract.run import Training, start
from tailwise.losses.head.boost import ClassBoost
from tailwise.optim.adamw import AdamW
from tailwise.optim.cosine import Cosine
from tailwise.recipes.fouls import task as fouls

NAME = "phase2"
HEADS = (Head("action", tuple("abcdefgh")), Head("severity", tuple("abcd")))


def start_as_stages(training: Training) -> None:
    """Threads, memory and deterministic kernels of this process as a training stage has them."""
    start(training, Runtime("cpu", 0, 1, False))


class Made:
    """Random clips of two views in memory, of the pipeline's size."""

    def __init__(self, count: int, seed: int):
        window, rng = read_params()["window"], np.random.default_rng(seed)
        shape = (window["frames"], window["height"], window["width"], 3)
        self.clips = torch.from_numpy(rng.integers(0, 256, (count, 2, *shape), np.uint8))
        self.ids = {head.name: rng.integers(0, len(head.classes), count) for head in HEADS}
        self.names = [str(i) for i in range(count)]

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, i: int) -> int:
        return i

    def collate(self, indices: list[int]) -> Batch:
        inputs = {"clips": self.clips[indices], "mask": torch.ones(len(indices), 2, dtype=torch.bool)}
        targets = {name: torch.from_numpy(ids[indices]) for name, ids in self.ids.items()}
        return Batch(inputs, targets, torch.tensor(indices))

    def labels(self, head: str) -> np.ndarray:
        return self.ids[head]

    def groups(self) -> list[str]:
        return self.names


@dataclass(frozen=True)
class Setting:
    """The same work for every loop: batches in the engine's order, and the training settings."""

    phase: Phase
    training: Training
    made: tuple[Made, Made]
    train: list[Batch]
    valid: list[Batch]


def setting_of(params: dict, counts: tuple[int, int] = (320, 96)) -> Setting:
    """One epoch at a constant rate, of phase 2's settings; counts: training and validation samples."""
    training = replace(section(params, "training", Training), accumulate=1)
    constant = Cosine("cosine", warmup=0.0, floor=1.0)
    phase = replace(section(params, f"{NAME}.train", Phase), epochs=1, schedule=constant, loss_weights={})
    made = Made(counts[0], 0), Made(counts[1], 1)
    orders = epoch_order(range(counts[0]), training.seed, NAME, 0), range(counts[1])
    train, valid = [
        [samples.collate(indices) for indices in chunks(order, training.batch_size)]
        for samples, order in zip(made, orders)
    ]
    return Setting(phase, training, made, train, valid)


def model_of(params: dict) -> nn.Module:
    """The pipeline's model without dropout, so that the same step has the same loss everywhere."""
    model = sections(params, fouls.Config).model
    torch.manual_seed(0)
    shape = tuple(params["window"][side] for side in ("frames", "height", "width"))
    return replace(model, variant=replace(model.variant, dropout=0.0)).build(HEADS, shape)


def loss_of(model: nn.Module, batch: Batch) -> torch.Tensor:
    outputs = model(**batch.inputs)
    return sum(F.cross_entropy(outputs[head], targets) for head, targets in batch.targets.items())


def optimizer_of(model: nn.Module, phase: Phase) -> torch.optim.Optimizer:
    """AdamW with weight decay on parameters of two or more dimensions."""
    decay = phase.optimizer.weight_decay if isinstance(phase.optimizer, AdamW) else 0.0
    decayed = [p for p in model.parameters() if p.ndim > 1]
    plain = [p for p in model.parameters() if p.ndim <= 1]
    groups = [{"params": decayed, "weight_decay": decay}, {"params": plain, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=phase.lr)


def even_boost() -> dict[str, ClassBoost]:
    return {h.name: ClassBoost(torch.ones(len(h.classes)), torch.ones(len(h.classes))) for h in HEADS}
