"""One epoch of the engine against a bare PyTorch loop of the same model on batches in memory.

Made-up clips, no workers, augmentation apart; both train an epoch and judge the validation samples.
"""

import copy
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from measure import interleave, ratio, show
from tailwise.core.batch import Batch, Head
from tailwise.core.config import read_params, section, sections
from tailwise.engine.loop import train_phase
from tailwise.engine.order import chunks
from tailwise.engine.phase import Phase
from tailwise.engine.run import Run, Training
from tailwise.engine.task import Task
from tailwise.losses import ClassBoost
from tailwise.recipes.fouls import task as fouls

HEADS = (Head("action", tuple("abcdefgh")), Head("severity", tuple("abcd")))


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

    def collate(self, places: list[int]) -> Batch:
        inputs = {"clips": self.clips[places], "mask": torch.ones(len(places), 2, dtype=torch.bool)}
        targets = {name: torch.from_numpy(ids[places]) for name, ids in self.ids.items()}
        return Batch(inputs, targets, torch.tensor(places))

    def labels(self, head: str) -> np.ndarray:
        return self.ids[head]

    def groups(self) -> list[str]:
        return self.names


def bare_epoch(model, phase: Phase, train: list[Batch], valid: list[Batch], weights: dict) -> None:
    """What anyone would write down for this model and these batches."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=phase.lr, weight_decay=phase.optimizer.weight_decay)
    model.train()
    for batch in train:
        outputs = model(**batch.inputs)
        loss = sum(F.cross_entropy(outputs[name], batch.targets[name], weights[name]) for name in outputs)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), phase.clip)
        optimizer.step()
    model.eval()
    with torch.no_grad():
        for batch in valid:
            {name: logits.argmax(dim=1) for name, logits in model(**batch.inputs).items()}


def main(repeats: int = 9) -> None:
    params = read_params(Path("params.yaml"))
    training, phase = section(params, "training", Training), section(params, "phase2.train", Phase)
    config = sections(params, fouls.Config)
    torch.set_num_threads(training.threads)
    torch.use_deterministic_algorithms(True)
    train, valid = Made(320, 0), Made(96, 1)
    model = config.model.build(HEADS, tuple(params["window"][side] for side in ("frames", "height", "width")))
    task = Task(HEADS, model, {}, train, valid, lambda batch, strength, keys: batch, fouls.loss, fouls.score)
    boost = {h.name: ClassBoost(torch.ones(len(h.classes)), torch.ones(len(h.classes))) for h in HEADS}
    run = Run("phase2", training, torch.device("cpu"))
    batches = [
        [made.collate(places) for places in chunks(range(len(made)), training.batch_size)] for made in (train, valid)
    ]
    weights = {name: of_head.weights() for name, of_head in boost.items()}
    twin = copy.deepcopy(model)
    works = {
        "engine": lambda: train_phase(task, replace(phase, epochs=1), range(len(train)), boost, run),
        "bare loop": lambda: bare_epoch(twin, phase, *batches, weights),
    }
    times = interleave(works, repeats)
    show(f"One epoch of {len(train)} fouls of two views, {training.threads} threads", times)
    ratio(times, "engine", "bare loop", 1.10)


if __name__ == "__main__":
    main()
