"""Evaluates a trained model on a split: figures and predictions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from tailwise.core.batch import Batch, Decode, Outputs, answers_output
from tailwise.core.errors import UserError
from tailwise.core.heads import IGNORE, Head
from tailwise.engine.contract.metric import Figures, figures_of
from tailwise.engine.contract.record import MetricSums
from tailwise.engine.contract.run import Run
from tailwise.engine.contract.task import Task
from tailwise.engine.evaluate.validate import forward_all, partial_metrics
from tailwise.metrics.predictions import Predictions, concatenate, predictions


@dataclass(frozen=True)
class Evaluation:
    """Results on a split. predictions: {head: Predictions in dataset order}; figures: {metric: value}"""

    predictions: dict[str, Predictions]
    figures: dict[str, Figures]

    @property
    def losses(self) -> dict[str, float]:
        """{head: mean cross entropy}, from the Classification with the head's name."""
        return {name: _loss(self.figures[name]) for name in self.predictions}


def _loss(figures: Figures) -> float:
    assert isinstance(figures, Mapping)
    loss = figures["loss"]
    assert isinstance(loss, float)
    return loss


def evaluate(task: Task, run: Run, decode: Decode | None = None) -> Evaluation:
    """The model's predictions over `task.valid` and the figures of `task.metrics`, from the same sums as in training.

    decode: how answers follow from the outputs; None: the most probable class is the answer, as in training
    When memory runs out it halves the micro-batch, which changes only the rounding.
    Raises UserError if a single sample does not fit, for outputs that are not finite, and for a head without any label.
    """
    task.model.to(run.device)
    names, groups = list(task.valid.names), list(task.valid.groups())
    sums, parts = MetricSums(), {head.name: [] for head in task.heads}
    batches = forward_all(task, run) if task.heads or task.metrics else ()
    for batch, outputs in batches:  # the inputs of a batch are freed with it
        outputs = outputs | decode(batch.inputs, outputs) if decode else outputs
        sums.add([partial_metrics(task, batch, outputs)])
        of_batch = [[column[i] for i in batch.index.tolist()] for column in (names, groups)]
        for head in task.heads:
            found = _predictions(head, batch, outputs, *of_batch)
            uncertain = _uncertainty(task, head, batch, outputs)
            parts[head.name].append(found if uncertain is None else replace(found, uncertainty=uncertain))
    joined = {name: concatenate(of_head) for name, of_head in parts.items()}
    if task.valid_lengths is not None:
        joined = {name: in_order(of_head, names) for name, of_head in joined.items()}
    for of_head in joined.values():
        check_predictions(of_head)
    return Evaluation(joined, figures_of(task.metrics, sums.totals))


def in_order(found: Predictions, names: Sequence[str]) -> Predictions:
    """The predictions with their samples in the order of `names`; positions of a sample keep theirs."""
    places = {name: place for place, name in enumerate(names)}
    rows = np.fromiter((places[sample] for sample in found.samples), np.int64, len(found))
    return found.take(np.argsort(rows, kind="stable"))


def check_predictions(found: Predictions) -> None:
    """Raise UserError for a split without labels or for non-finite probabilities."""
    if not (found.targets >= 0).any():
        raise UserError(f"{found.head.name}: no sample of this split has a label")
    if not np.isfinite(found.known_probabilities).all():
        raise UserError(f"{found.head.name}: the model's outputs are not finite; train it again with a lower lr")


def _predictions(head: Head, batch: Batch, outputs: Outputs, names: list[str], groups: list[str]) -> Predictions:
    probabilities: torch.Tensor = outputs[head.name].cpu().softmax(dim=-1)
    decoded = outputs.get(answers_output(head.name))
    predicted = None if decoded is None else decoded.cpu().numpy()
    return predictions(head, probabilities.numpy(), batch.targets[head.name].cpu().numpy(), names, groups, predicted)


def _uncertainty(task: Task, head: Head, batch: Batch, outputs: Outputs) -> np.ndarray | None:
    """What the model says of its uncertainty, for each row of `predictions`; None where it says nothing."""
    if head.name not in task.uncertainty:
        return None
    values, targets = outputs[task.uncertainty[head.name]][..., 0], batch.targets[head.name]
    return (values if targets.ndim == 1 else values[targets != IGNORE]).double().cpu().numpy()
