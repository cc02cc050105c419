"""The explanations of a head, as JSON for the report: labels of rare classes, what they rest on, what they are like."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import nn

from tailwise.core.batch import Batch
from tailwise.core.errors import UserError
from tailwise.core.heads import IGNORE, Head
from tailwise.engine.batches.memory import TOO_LARGE, catch_oom
from tailwise.engine.contract.task import Samples, Task
from tailwise.engine.evaluate.embeddings import Embeddings, watched
from tailwise.evaluation.explain.choice import chosen, rarest, taken_for
from tailwise.evaluation.explain.nearest import nearest
from tailwise.metrics.predictions import Predictions
from tailwise.recipes.explainer import Asked, Explainer, Part

NEIGHBOURS = 5
"""Nearest training samples of a label."""
SEED = 1
"""Of the draw of the training samples among which they are looked for."""


@dataclass(frozen=True)
class Known:
    """The embeddings of a head's training labels, and their classes. labels: class ids (N,)"""

    embedded: Embeddings
    labels: np.ndarray


class Subset:
    """Some samples of a split, as a `Samples`; places: in the split."""

    def __init__(self, split: Samples, places: Sequence[int]):
        self.split, self.places = split, list(places)
        self.names = [split.names[place] for place in self.places]

    def __len__(self) -> int:
        return len(self.places)

    def __getitem__(self, i: int) -> tuple[int, Any]:
        return i, self.split[self.places[i]]

    def collate(self, items: list[tuple[int, Any]]) -> Batch:
        return replace(self.split.collate([item for _, item in items]), index=torch.tensor([i for i, _ in items]))

    def labels(self, head: str) -> np.ndarray:
        return self.split.labels(head)[self.places]

    def groups(self) -> Sequence[str]:
        groups = self.split.groups()
        return [groups[place] for place in self.places]


def some_of(task: Task, most: int, seed: int = SEED) -> Task:
    """The task with up to `most` labelled samples as `valid`: by the rarest class that each has in any head."""
    rarity = [_rarest_label(task.valid.labels(head.name)) for head in task.heads]
    rank = np.min(rarity, axis=0)
    drawn = np.random.default_rng(seed).permutation(len(rank))
    first = drawn[np.argsort(rank[drawn], kind="stable")]
    places = np.sort(first[np.isfinite(rank[first])][:most]).tolist()
    lengths = None if task.valid_lengths is None else [task.valid_lengths[place] for place in places]
    return replace(task, valid=Subset(task.valid, places), valid_lengths=lengths)


def _rarest_label(labels: np.ndarray) -> np.ndarray:
    """(N,): how many labels the rarest class has that a sample is of; inf without a label. labels: (N,) or (N, T)"""
    counts = np.bincount(labels[labels != IGNORE]).astype(float)
    of_each = np.where(labels == IGNORE, np.inf, counts[np.maximum(labels, 0)] if len(counts) else np.inf)
    return of_each.reshape(len(labels), -1).min(axis=1, initial=np.inf)


def known_labels(task: Task, head: str, embedded: Embeddings) -> Known:
    """task: `valid` is what was embedded"""
    places = {name: place for place, name in enumerate(task.valid.names)}
    rows, labels = [places[name] for name in embedded.samples], task.valid.labels(head)
    return Known(embedded, labels[rows] if embedded.positions is None else labels[rows, embedded.positions])


@dataclass(frozen=True)
class Source:
    """All that a head's explanations follow from.

    task: its model is on `device`, in evaluation mode; layers: the last of the head
    found: its predictions on `task.valid`; counts: {class: training labels}
    """

    task: Task
    head: Head
    explainer: Explainer
    layers: Sequence[nn.Module]
    known: Known
    found: Predictions
    counts: Mapping[str, int]
    device: torch.device


def explain_head(source: Source) -> dict[str, Any]:
    """{"classes": [{"name", "train", "labels", "right", "taken_for", "alike"}], the rarest first, "samples": of all
    of them, see `explained`}

    alike: {class: how many of the nearest training samples of the mistakes are of it}, most frequent first
    """
    choice, found, names = source.explainer.choice, source.found, source.head.classes
    classes, samples = list[dict[str, Any]](), list[dict[str, Any]]()
    for label in rarest(found, source.counts, choice.classes):
        mine = [explained(source, row) for row in chosen(found, label, choice)]
        of_class = {"name": names[label], "train": source.counts[names[label]], **taken_for(found, label)}
        classes.append({**of_class, "alike": alike(mine)})
        samples += mine
    return {"classes": classes, "samples": samples}


def alike(samples: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """See `explain_head`; ties by name."""
    mistakes = [each for each in samples if each["actual"] != each["predicted"]]
    counts = Counter(near["label"] for each in mistakes for near in each["nearest"])
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def explained(source: Source, row: int) -> dict[str, Any]:
    """A label: {"sample", "position" in a sequence, "actual", "predicted", "confidence", "nearest": [{"sample",
    "position", "label", "similarity"}], "parts": see `Part`, importance for the predicted class, "rests_on"}

    Raises UserError if memory does not hold one sample.
    """
    found, classes = source.found, source.head.classes
    actual, predicted = int(found.targets[row]), int(found.predicted[row])
    position = None if found.positions is None else int(found.positions[row])
    place = list(source.task.valid.names).index(found.samples[row])
    batch = source.task.valid.collate([source.task.valid[place]]).to(source.device)
    asked = Asked(source.task, place, batch, source.head.name, position, predicted, source.device)
    made = catch_oom(lambda: (embedding_of(source, asked), source.explainer.exhibit(asked)))
    if made is None:
        raise UserError(TOO_LARGE)
    embedding, parts = made
    return {
        "sample": found.samples[row],
        **({} if position is None else {"position": position}),
        "actual": classes[actual],
        "predicted": classes[predicted],
        "confidence": round(float(found.known_probabilities[row, predicted]), 4),
        "nearest": list(neighbours(source, embedding)),
        "parts": [part.to_json() for part in parts],
        "rests_on": rests_on(parts),
    }


@torch.no_grad()
def embedding_of(source: Source, asked: Asked) -> np.ndarray:
    """(D,) of the label that is asked for."""
    with ExitStack() as stack:
        given = [stack.enter_context(watched(layer)) for layer in source.layers]
        source.task.model(**asked.batch.inputs)
    rows = torch.cat([each[-1] for each in given], dim=-1)[0].float().cpu().numpy()
    return rows if asked.position is None else rows[asked.position]


def neighbours(source: Source, embedding: np.ndarray) -> Iterator[dict[str, Any]]:
    """The nearest training labels."""
    embedded, labels = source.known.embedded, source.known.labels
    near = nearest(embedded.rows, embedding[None], NEIGHBOURS)
    for place, similarity in zip(near.places[0].tolist(), near.similarities[0].tolist()):
        position = {} if embedded.positions is None else {"position": int(embedded.positions[place])}
        label = source.head.classes[int(labels[place])]
        yield {"sample": embedded.samples[place], **position, "label": label, "similarity": round(similarity, 4)}


def rests_on(parts: Iterable[Part]) -> dict[str, Any] | None:
    """{"part": name, "step_name", "step": its place} of the step that the answer rests on most; None without one."""
    steps = [(value, part, place) for part in parts for place, value in enumerate(part.steps)]
    if not steps:
        return None
    value, part, place = max(steps, key=lambda each: each[0])
    return {"part": part.name, "step_name": part.step, "step": place} if value > 0 else None
