"""The smallest pipeline that the engine accepts: tables in memory, a loss, a phase, a run."""

import numpy as np
import torch
from torch import nn

from tailwise.core.batch import Batch, Mix
from tailwise.core.heads import Head
from tailwise.core.tensors import add_up
from tailwise.engine.contract.metric import Select
from tailwise.engine.contract.mixing import draw_mix
from tailwise.engine.contract.phase import Phase
from tailwise.engine.contract.record import PartialMetrics
from tailwise.engine.contract.run import Run, Training
from tailwise.engine.contract.task import Task
from tailwise.engine.train import loop
from tailwise.losses.head.boost import boosted_cross_entropy
from tailwise.metrics.classification import Classification
from tailwise.optim.adamw import AdamW
from tailwise.optim.cosine import Cosine

CPU = torch.device("cpu")
HEADS = (Head("colour", ("red", "green", "blue")), Head("size", ("small", "large")))


class Table:
    """Samples in memory. inputs: {name: (N, ...)}; targets: {head: (N,) or (N, T)}."""

    def __init__(self, inputs: dict[str, torch.Tensor], targets: dict[str, torch.Tensor]):
        self.inputs, self.targets = inputs, targets
        self.names = [f"sample{i}" for i in range(len(next(iter({**targets, **inputs}.values()))))]

    def __len__(self):
        return len(self.names)

    def __getitem__(self, i):
        return i

    def collate(self, items):
        index = torch.tensor(items)
        pick = [{name: tensor[index] for name, tensor in tensors.items()} for tensors in (self.inputs, self.targets)]
        return Batch(*pick, index)

    def labels(self, head):
        return self.targets[head].numpy()

    def groups(self):
        return ["match"] * len(self)


class Linear(nn.Module):
    """x (B, D) to {head: logits (B, C)}; always the same first weights."""

    def __init__(self, dim: int, heads: tuple[Head, ...], dropout: float = 0.0):
        super().__init__()
        torch.manual_seed(0)
        self.dropout = nn.Dropout(dropout)
        self.heads = nn.ModuleDict({head.name: nn.Linear(dim, len(head.classes)) for head in heads})

    def forward(self, x):
        return {name: head(self.dropout(x)) for name, head in self.heads.items()}


def summed_loss(outputs, batch, boost):
    boost = boost or {}
    return {
        name: add_up(boosted_cross_entropy(x, ids, boost.get(name), share) for ids, share in batch.labels(name))
        for name, x in outputs.items()
    }


def unchanged(batch, strength, keys):
    return batch


def noisy(batch, strength, keys):
    """An augmentation of `make_table`'s inputs that follows from its keys."""
    noise = [torch.randn(5, generator=torch.Generator().manual_seed(int(key.sum()))) for key in keys]
    strength = torch.as_tensor(strength, dtype=torch.float32).reshape(-1, 1)
    return Batch({"x": batch.inputs["x"] + strength * torch.stack(noise)}, batch.targets, batch.index)


def mixed(batch, how, keys):
    """Mixup of `make_table`'s inputs."""
    drawn, x = draw_mix(keys, how.alpha), batch.inputs["x"]
    partner, share = torch.from_numpy(drawn.partner), torch.from_numpy(drawn.share).float()
    x = share[:, None] * x + (1 - share[:, None]) * x[partner]
    return Batch({"x": x}, batch.targets, batch.index, Mix(partner, share))


def make_table(n: int = 24, dim: int = 5, seed: int = 0, heads=HEADS) -> Table:
    """Random inputs whose labels follow from them."""
    x = torch.randn(n, dim, generator=torch.Generator().manual_seed(seed))
    return Table({"x": x}, {head.name: x[:, : len(head.classes)].argmax(dim=1) for head in heads})


def make_task(
    model=None,
    train=None,
    valid=None,
    heads=HEADS,
    loss=summed_loss,
    prepare=unchanged,
    metrics=None,
    select=None,
    **other,
) -> Task:
    model = model or Linear(5, heads)
    valid = valid or make_table(seed=1, heads=heads)
    train = train or make_table(heads=heads)
    if metrics is None:
        metrics, select = metrics_of(heads), select or mean_recall(heads)
    return Task(heads, model, {}, train, valid, prepare, loss, metrics, select, mix=mixed, **other)


def metrics_of(heads=HEADS) -> dict[str, Classification]:
    return {head.name: Classification(head) for head in heads}


def mean_recall(heads=HEADS) -> Select:
    return Select(tuple(head.name for head in heads), "macro_recall")


def total(loss: float, matrix: list[list[int]]) -> list[float]:
    """What `Classification` sums: the mean loss times the labels, the labels, the counts."""
    labels = int(np.sum(matrix))
    return [loss * labels, labels, *np.ravel(matrix).tolist()]


def matrices(record, metrics=None) -> dict[str, list[list[int]]]:
    """Each head's confusion counts in a record."""
    return {name: each.matrix(record.totals[name]).tolist() for name, each in (metrics or metrics_of()).items()}


def make_phase(epochs: int = 2, lr: float = 1e-2, **other) -> Phase:
    usual = {
        "optimizer": AdamW("adamw", 0.0),
        "schedule": Cosine("cosine", warmup=0.0, floor=0.0),
        "clip": 1e6,
        "augment": 0.0,
        "trainable": ("*",),
        "rates": (),
    }
    return Phase(epochs, lr, **{**usual, **other})


def make_run(batch_size: int = 8, accumulate: int = 1, **other) -> Run:
    return Run("phase1", Training(1, batch_size, accumulate, threads=1, precision="float32"), CPU, **other)


def same(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> bool:
    """Equal names, and equal bits."""
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def scripted(monkeypatch, recalls):
    """Validation finds these macro recalls, epoch by epoch."""
    script = iter(recalls)

    def validate(task, run, micro_batch, done):
        hits = round(10 * next(script))
        counts = [[hits, 10 - hits], [10 - hits, hits]]
        size = {head.name: len(head.classes) for head in HEADS}
        parts = {name: total(1.0, np.pad(counts, (0, size[name] - 2))) for name in size}
        yield PartialMetrics(len(task.valid), parts)

    monkeypatch.setattr(loop, "validate", validate)
