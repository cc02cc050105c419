"""A teacher's answers to the training samples, computed once and kept as a file: what a phase with `distil` reads.

They are to the samples as an evaluation has them, without augmentation.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import nn

from tailwise.core.batch import Batch
from tailwise.core.errors import UserError
from tailwise.core.heads import IGNORE, Head
from tailwise.engine.checkpoint.weights import read_tensors, write_tensors
from tailwise.engine.contract.run import Run
from tailwise.engine.contract.task import Samples, Task
from tailwise.engine.evaluate.validate import forward_all

FILE = "answers.safetensors"
"""In a teacher's folder: names of heads, classes and samples in its header; see `HeadAnswers`."""


@dataclass(frozen=True)
class HeadAnswers:
    """A head's log probabilities of N samples, which stand for logits.

    rows: (R, C) float32, one row a sample; of sequences one row a position, up to the last one that has a label
    starts, counts: (N,) int64, each sample's first row and number of rows; counts are all 1 for one row a sample
    """

    rows: torch.Tensor
    starts: torch.Tensor
    counts: torch.Tensor

    def of(self, samples: torch.Tensor, positions: int | None) -> torch.Tensor:
        """(B, C), or with `positions` T (B, T, C), where a sample's last row stands for positions that it lacks.

        samples: (B,) int64
        """
        starts, counts = self.starts[samples], self.counts[samples]
        if positions is None:
            return self.rows[starts]
        return self.rows[starts[:, None] + torch.arange(positions).minimum(counts[:, None] - 1)]


Answers = Mapping[str, HeadAnswers]
"""{head: answers}, samples in the order of the training data"""


@dataclass(frozen=True)
class Member:
    """A trained model, called as that of a task; one of several that answer together.

    heads: that it answers; weight: of its probabilities, 1 in sum over all; name: for messages
    """

    model: nn.Module
    heads: tuple[Head, ...]
    weight: float
    name: str


def ask(task: Task, members: Sequence[Member], run: Run) -> dict[str, list[torch.Tensor]]:
    """{head: of each sample of `task.valid` log probabilities (rows, C), float64}: of the mean of the probabilities.

    Raises UserError for members with other heads or classes than the task's, and for answers that are not finite.
    """
    for member in members:
        check_heads(member.name, member.heads, task.heads)
    found = [_answers(replace(task, model=member.model), member, run) for member in members]
    return {head.name: [_mean(each) for each in zip(*(of[head.name] for of in found))] for head in task.heads}


def check_heads(name: str, found: Sequence[Head], wanted: Sequence[Head]) -> None:
    """Raise UserError for a teacher, of this name in messages, with other heads or classes."""
    theirs, ours = ({head.name: head.classes for head in heads} for heads in (found, wanted))
    if theirs.keys() != ours.keys():
        raise UserError(f"{name}: a teacher of other heads: {', '.join(theirs)} there, {', '.join(ours)} here")
    for head, classes in ours.items():
        if theirs[head] != classes:
            raise UserError(
                f"{name}: a teacher of other classes of {head}: {', '.join(theirs[head])} there, "
                f"{', '.join(classes)} here"
            )


def _answers(task: Task, member: Member, run: Run) -> dict[str, list[torch.Tensor]]:
    """{head: log probabilities of each sample (rows, C), times the member's weight}"""
    task.model.to(run.device)
    found: dict[str, dict[int, torch.Tensor]] = {head.name: {} for head in task.heads}
    for batch, outputs in forward_all(task, run):
        for name, of_head in found.items():
            if name not in outputs:
                raise UserError(f"{member.name}: the model has no answers of head {name}")
            log_p = outputs[name].cpu().double().log_softmax(dim=-1) + math.log(member.weight)
            if not torch.isfinite(log_p).all():
                raise UserError(f"{member.name}: its answers of head {name} are not finite: train it again")
            of_head.update(zip(batch.index.tolist(), _by_sample(batch, name, log_p)))
    return {name: [of_head[i] for i in range(len(task.valid))] for name, of_head in found.items()}


def _by_sample(batch: Batch, head: str, log_p: torch.Tensor) -> Iterator[torch.Tensor]:
    """Each sample's rows: one, or those of a sequence up to its last label, at least one."""
    if log_p.ndim == 2:
        yield from log_p[:, None]
        return
    for rows, count in zip(log_p, labelled_positions(batch.targets[head].cpu().numpy()).tolist()):
        yield rows[: max(count, 1)]


def labelled_positions(ids: np.ndarray) -> np.ndarray:
    """(N,) positions of each sequence up to its last label; 0 without one. ids: (N, T)"""
    places = np.arange(1, ids.shape[1] + 1)
    return np.where(ids != IGNORE, places, 0).max(axis=1, initial=0)


def _mean(members: tuple[torch.Tensor, ...]) -> torch.Tensor:
    """The logarithm of the sum of weighted probabilities, given as logarithms."""
    if len({rows.shape for rows in members}) > 1:
        raise UserError("the teacher's members answer different numbers of positions of a sample")
    return torch.stack(members).logsumexp(dim=0)


def write_answers(
    folder: Path, heads: Sequence[Head], samples: Sequence[str], answers: Mapping[str, list[torch.Tensor]]
) -> None:
    """Write a teacher's file. samples: (N,) names, the keys of the rows; answers: as `ask` returns them"""
    tensors = {f"rows/{name}": torch.cat(rows).float() for name, rows in answers.items()}
    tensors |= {f"counts/{name}": torch.tensor([len(each) for each in rows]) for name, rows in answers.items()}
    facts = {"heads": {head.name: list(head.classes) for head in heads}, "samples": list(samples)}
    write_tensors(folder / FILE, tensors, {"teacher": facts})


def read_answers(folder: Path, heads: Sequence[Head], samples: Samples) -> Answers:
    """The answers to these samples. Raises UserError for a file of other heads or classes, or without some of them."""
    path = folder / FILE
    tensors, facts = read_tensors(path)
    try:
        known = facts["teacher"]
        found = [Head(name, tuple(classes)) for name, classes in known["heads"].items()]
        places = {name: place for place, name in enumerate(known["samples"])}
        parts = {head.name: (tensors[f"rows/{head.name}"], tensors[f"counts/{head.name}"]) for head in found}
    except (KeyError, TypeError, AttributeError) as error:
        raise UserError(f"{path}: not a teacher's answers: run its stage again") from error
    check_heads(str(path), found, heads)
    if absent := [name for name in samples.names if name not in places]:
        raise UserError(
            f"{path}: {len(absent)} of {len(samples)} samples have no answer, such as {absent[0]}: run its stage again"
        )
    order = torch.tensor([places[name] for name in samples.names])
    return {head.name: _aligned(path, head, samples, order, *parts[head.name]) for head in heads}


def _aligned(
    path: Path, head: Head, samples: Samples, order: torch.Tensor, rows: torch.Tensor, counts: torch.Tensor
) -> HeadAnswers:
    """A head's answers in the order of the samples; UserError for rows that are not theirs."""
    if rows.shape != (int(counts.sum()), len(head.classes)) or len(order) and int(order.max()) >= len(counts):
        raise UserError(f"{path}: the rows of {head.name} are not those of its samples: run its stage again")
    found = HeadAnswers(rows, (counts.cumsum(0) - counts)[order], counts[order])
    ids = samples.labels(head.name)
    needed = labelled_positions(ids) if ids.ndim > 1 else np.ones(len(ids), int)
    if short := np.flatnonzero(needed > found.counts.numpy()).tolist():
        name = samples.names[short[0]]
        raise UserError(f"{path}: {name} has {needed[short[0]]} labels of {head.name} and fewer answers: run it again")
    return found
