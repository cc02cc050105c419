"""A trained model on a split: its figures and its answers."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import torch

from tailwise.core.batch import Head
from tailwise.engine.contract.run import Run
from tailwise.engine.contract.task import Samples, Task
from tailwise.engine.evaluate.validate import all_predictions
from tailwise.losses.cross_entropy import cross_entropy
from tailwise.metrics import confusion as metrics


@dataclass(frozen=True)
class HeadResult:
    """One head on a split, a row a label. targets: (N,) class ids; probabilities: (N, C)."""

    head: Head
    targets: np.ndarray
    probabilities: np.ndarray
    loss: float

    @property
    def matrix(self) -> np.ndarray:
        return metrics.confusion(self.targets, self.probabilities.argmax(axis=1), len(self.head.classes))


def answer(task: Task, run: Run) -> dict[str, HeadResult]:
    """Each head's answers over `task.valid`, in the order of the samples.

    How many are computed at once changes no more than the rounding: fewer where memory runs out, which is told.
    Raises UserError where a single one does not fit.
    """
    task.model.to(run.device)
    found: dict[str, list] = {head.name: [] for head in task.heads}
    for batch, outputs in all_predictions(task, run):  # the clips of a batch are let go with it
        for head in task.heads:
            logits = outputs[head.name].reshape(-1, len(head.classes))
            found[head.name].append((logits.cpu(), batch.targets[head.name].reshape(-1).cpu(), batch.count(head.name)))
    results = {}
    for head in task.heads:
        logits, targets, counts = zip(*found[head.name])
        logits, targets = torch.cat(logits), torch.cat(targets)
        loss = float(cross_entropy(logits, targets) / sum(counts))
        results[head.name] = HeadResult(head, targets.numpy(), logits.softmax(dim=1).numpy(), loss)
    return results


def figures(task: Task, results: dict[str, HeadResult]) -> dict:
    """The pipeline's own score, and per head macro recall and F1, accuracy, loss and recalls."""
    recalls = {name: metrics.recall(of_head.matrix) for name, of_head in results.items()}
    heads = {name: metrics.scores(r.matrix, r.head.classes, r.loss) for name, r in results.items()}
    return {**task.score(recalls), **heads}


def answer_rows(samples: Samples, result: HeadResult) -> tuple[list[str], Iterable[list]]:
    """Header and rows: sample, group, actual and predicted class, a probability a class.

    Of a head with one label a sample; labels that are missing have no row.
    """
    names = result.head.classes
    rows = (
        [name, group, names[target], names[p.argmax()], *map(float, p)]
        for name, group, target, p in zip(samples.names, samples.groups(), result.targets, result.probabilities)
        if target >= 0
    )
    return ["sample", "group", "actual", "predicted", *names], rows
