"""A trained model on a split: its figures and its answers."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import torch

from tailwise.core.batch import Head
from tailwise.core.errors import UserError
from tailwise.engine.contract.metric import Figures, figures_of
from tailwise.engine.contract.record import MetricSums
from tailwise.engine.contract.run import Run
from tailwise.engine.contract.task import Samples, Task
from tailwise.engine.evaluate.validate import all_predictions, partial_metrics
from tailwise.metrics import confusion as metrics


@dataclass(frozen=True)
class HeadResult:
    """One head on a split, a row a label. targets: (N,) class ids; probabilities: (N, C)."""

    head: Head
    targets: np.ndarray
    probabilities: np.ndarray

    @property
    def matrix(self) -> np.ndarray:
        return metrics.confusion(self.targets, self.probabilities.argmax(axis=1), len(self.head.classes))


@dataclass(frozen=True)
class Evaluation:
    """A model on a split. heads: its answers, in the order of the samples; figures: {metric: its value}"""

    heads: dict[str, HeadResult]
    figures: dict[str, Figures]


def evaluate(task: Task, run: Run) -> Evaluation:
    """The model's answers over `task.valid` and the figures of `task.metrics`, from the same sums as in training.

    Computes fewer samples at once, and logs it, where memory runs out; that changes no more than the rounding.
    Raises UserError where a single one does not fit, and for a head without any label.
    """
    task.model.to(run.device)
    sums, found = MetricSums(), {head.name: [] for head in task.heads}
    for batch, outputs in all_predictions(task, run):  # the inputs of a batch are freed with it
        sums.add([partial_metrics(task, batch, outputs)])
        for head in task.heads:
            logits = outputs[head.name].reshape(-1, len(head.classes))
            found[head.name].append((logits.cpu(), batch.targets[head.name].reshape(-1).cpu()))
    results = {}
    for head in task.heads:
        logits, targets = map(torch.cat, zip(*found[head.name]))
        results[head.name] = HeadResult(head, targets.numpy(), logits.softmax(dim=1).numpy())
        if not (results[head.name].targets >= 0).any():
            raise UserError(f"{head.name}: no sample of this split has a label")
    return Evaluation(results, figures_of(task.metrics, sums.totals))


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
