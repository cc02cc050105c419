"""Exported against trained on every sample of a prepared split: outputs, answers, and the figures of both models."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from torch import nn

from tailwise.core.batch import Batch
from tailwise.core.errors import UserError
from tailwise.core.heads import Head
from tailwise.export.graph.compare import TOLERANCE, Run, difference_of, kept, present
from tailwise.export.graph.families import Arrays, Axes, family_of
from tailwise.metrics.confusion import accuracy, confusion, macro, recall

BATCH_SIZE = 8
"""Samples of a batch of the split."""
LARGEST = float(np.finfo(np.float32).max)
"""What an output of a smaller model may differ by: any number, its figures say what it costs."""


@dataclass(frozen=True)
class Split:
    """name: such as valid; batches: of its samples, each once"""

    name: str
    batches: Iterable[Batch]


def example_of(model: nn.Module, split: Split) -> Arrays | None:
    """The inputs of the split's first sample for a model of no known family; None for another, whose are made up.

    UserError for a split without samples.
    """
    if family_of(model) is not None:
        return None
    for batch in split.batches:
        return {name: value[0].numpy() for name, value in batch.inputs.items()}
    raise UserError(no_samples(split))


def no_samples(split: Split) -> str:
    return f"the split {split.name} has no samples: give another split"


@dataclass(frozen=True)
class Scores:
    """Of a head on a split; None where no sample has a label."""

    accuracy: float | None
    macro_recall: float | None


@dataclass(frozen=True)
class OfHead:
    """answers: one a sample, or one a position of a sequence; differing: those that are of another class

    ties: of the differing ones, those between classes that the trained model holds equal, see `is_tie`
    """

    name: str
    answers: int
    differing: int
    ties: int
    trained: Scores
    exported: Scores


@dataclass(frozen=True)
class Parity:
    """difference: the largest of an output"""

    split: str
    samples: int
    difference: float
    heads: tuple[OfHead, ...]

    def as_json(self) -> dict[str, Any]:
        """For the card."""
        found = asdict(self)
        heads = {of_head.pop("name"): of_head for of_head in found.pop("heads")}
        return {"split": self.split, "samples": self.samples, "largest_difference": self.difference, "heads": heads}


def compare_split(split: Split, reference: Run, run: Run, axes: Axes, heads: Sequence[Head]) -> Parity:
    """Both models on all samples.

    UserError for a split without samples, and for one whose samples are not what the model takes.
    """
    samples, difference, tallies = 0, 0.0, [Tally(head) for head in heads]
    for batch in split.batches:
        inputs = inputs_of(batch, axes, split.name)
        wanted, found, there = reference(inputs), run(inputs), present(inputs, axes)
        difference, samples = max(difference, difference_of(wanted, found, there)), samples + len(batch)
        for tally in tallies:
            name = tally.head.name
            logits = kept(wanted[name], there), kept(found[name], there)
            tally.add(*logits, kept(batch.targets[name].numpy(), there))
    if not samples:
        raise UserError(no_samples(split))
    return Parity(split.name, samples, difference, tuple(tally.result() for tally in tallies))


def inputs_of(batch: Batch, axes: Axes, split: str) -> Arrays:
    """In the exported model's order; UserError where the split has other inputs than the model."""
    if batch.inputs.keys() != axes.keys():
        has, takes = ", ".join(batch.inputs), ", ".join(axes)
        raise UserError(f"the split {split} has the inputs {has}, but the model takes {takes}: give another split")
    return {name: batch.inputs[name].numpy() for name in axes}


class Tally:
    """Adds up the answers of one head."""

    def __init__(self, head: Head):
        self.head, classes = head, len(head.classes)
        self.answers = self.differing = self.ties = 0
        self.matrices = np.zeros((2, classes, classes), np.int64)

    def add(self, trained: np.ndarray, exported: np.ndarray, targets: np.ndarray) -> None:
        """Logits (..., C) of both models, and class ids (...)."""
        answers = trained.argmax(axis=-1), exported.argmax(axis=-1)
        other = answers[0] != answers[1]
        self.answers, self.differing = self.answers + other.size, self.differing + int(other.sum())
        self.ties += int(is_tie(trained[other], exported[other]).sum())
        for matrix, of_model in zip(self.matrices, answers):
            matrix += confusion(targets, of_model, len(self.head.classes))

    def result(self) -> OfHead:
        counts = self.answers, self.differing, self.ties
        return OfHead(self.head.name, *counts, *(scores_of(matrix) for matrix in self.matrices))


def is_tie(trained: np.ndarray, exported: np.ndarray) -> np.ndarray:
    """(N,): whether the trained model's logits of both models' answers differ by no more than TOLERANCE.

    trained, exported: logits (N, C)
    """
    rows = np.arange(len(trained))
    ours, theirs = trained.argmax(axis=-1), exported.argmax(axis=-1)
    return trained[rows, ours] - trained[rows, theirs] <= TOLERANCE


def scores_of(matrix: np.ndarray) -> Scores:
    """matrix: counts (C, C), rows actual"""
    if not matrix.sum():
        return Scores(None, None)
    return Scores(accuracy(matrix), macro(recall(matrix)))


def check_parity(found: Parity, form: str, exact: bool) -> None:
    """UserError unless the exported model gives what the trained one gives on the split.

    exact: outputs within TOLERANCE, and the same answers but for ties; else numbers, whatever they are
    """
    what, most = f"on the split {found.split}, the model exported to {form}", TOLERANCE if exact else LARGEST
    if not found.difference <= most:
        raise UserError(
            f"{what} differs from the trained one by {found.difference:.2g}, more than {most:g}: try another --to"
        )
    for head in found.heads if exact else ():
        if others := head.differing - head.ties:
            raise UserError(f"{what} gives {others} of {head.answers} other answers for {head.name}: try another --to")


def lines_of(parity: Mapping[str, Any]) -> list[str]:
    """A line on the outputs and one a head. parity: `Parity.as_json`"""
    difference = f"largest difference of an output {parity['largest_difference']:.2g}"
    lines = [f"split {parity['split']}: {parity['samples']:,} samples, {difference}"]
    return lines + [f"{name}: {_answers(head)}; {_figures(head)}" for name, head in parity["heads"].items()]


def _answers(head: Mapping[str, Any]) -> str:
    differing, answers, ties = (head[key] for key in ("differing", "answers", "ties"))
    same = 1 - differing / max(answers, 1)
    return f"{differing:,} of {answers:,} answers differ, {ties:,} of them ties ({same:.1%} are the same)"


def _figures(head: Mapping[str, Any]) -> str:
    """Accuracy and macro recall of both models."""
    each = ((key.replace("_", " "), head["trained"][key], head["exported"][key]) for key in head["trained"])
    return "; ".join(f"{key} {_share(one)} trained, {_share(other)} exported" for key, one, other in each)


def _share(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.3f}"
