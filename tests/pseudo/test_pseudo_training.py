"""A planted case through the engine: few labels of a rare class, and many unlabelled samples of it."""

from dataclasses import dataclass
from statistics import fmean

import numpy as np
import pytest
import torch

from support.helpers import Linear, Table, make_phase, make_run, make_task
from tailwise.core.heads import Head
from tailwise.engine.train.loop import train_phase
from tailwise.pseudo.selection import Rule, select

HEAD = Head("kind", ("often", "seldom", "rare"))
DIM, LABELLED, UNLABELLED = 20, (200, 60, 8), (1500, 400, 300)
SEEDS = range(1, 9)
CAPPED, FLOOD = Rule(threshold=0.7, ratio=4.0, alpha=1 / 3), Rule(threshold=0.7, ratio=None, alpha=0.0)


def draw(counts: tuple[int, ...], seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Clouds that overlap, shuffled: each of the rarer classes is apart from the first in four other dimensions."""
    rng, means = np.random.default_rng(seed), np.zeros((3, DIM))
    means[1, :4] = means[2, 4:8] = 1.6
    labels = rng.permutation(np.repeat(range(3), counts))
    return torch.tensor(means[labels] + rng.normal(size=(len(labels), DIM))).float(), torch.tensor(labels)


def train(x: torch.Tensor, labels: torch.Tensor) -> Linear:
    samples, valid = (Table({"x": inputs}, {HEAD.name: of}) for inputs, of in ((x, labels), draw((60, 60, 60), 9)))
    model = Linear(DIM, (HEAD,))
    task = make_task(model, samples, valid, (HEAD,))
    weights = train_phase(task, make_phase(6, lr=5e-2), range(len(labels)), {}, make_run(batch_size=50)).weights
    model.load_state_dict(weights)
    return model


def likely(model: Linear, x: torch.Tensor) -> np.ndarray:
    with torch.no_grad():
        return model(x)[HEAD.name].softmax(dim=1).double().numpy()


def recalls(model: Linear) -> tuple[float, float]:
    """(recall of the rare class, mean recall)"""
    x, labels = draw((500, 500, 500), 11)
    right = likely(model, x).argmax(axis=1) == labels.numpy()
    each = [float(right[labels.numpy() == of].mean()) for of in range(3)]
    return each[2], fmean(each)


@dataclass(frozen=True)
class Round:
    """recall: of the rare class; macro: mean recall; counts: labels taken of each class; right: share of them"""

    recall: float
    macro: float
    counts: tuple[int, ...] = (0, 0, 0)
    right: float = 1.0


def rounds_of(seed: int) -> tuple[Round, Round, Round]:
    """Without pseudo-labels, with those of CAPPED, and with those of FLOOD."""
    x, labels = draw(LABELLED, seed)
    more, truth = draw(UNLABELLED, 100 + seed)
    teacher, names = train(x, labels), [f"u{i:04}" for i in range(len(more))]
    found = [Round(*recalls(teacher))]
    for rule in (CAPPED, FLOOD):
        taken = select(likely(teacher, more), names, np.array(LABELLED), rule)
        student = train(torch.cat([x, more[taken.indices]]), torch.cat([labels, torch.tensor(taken.labels)]))
        right = float((taken.labels == truth.numpy()[taken.indices]).mean())
        counts = tuple(np.bincount(taken.labels, minlength=3).tolist())
        found.append(Round(*recalls(student), counts, right))
    return found[0], found[1], found[2]


@pytest.fixture(scope="module")
def rounds():
    return [rounds_of(seed) for seed in SEEDS]


def test_pseudo_labels_raise_the_recall_of_the_rare_class_on_average(rounds):
    """Not for every seed: one may take few labels of the class, or wrong ones."""
    assert fmean(capped.recall - without.recall for without, capped, _ in rounds) > 0.1
    assert fmean(capped.macro - without.macro for without, capped, _ in rounds) > 0.02


def test_without_a_cap_the_majority_floods(rounds):
    """Of every seed, more than twice as many labels of the most frequent class for as many of the rare one or more."""
    for _, capped, flood in rounds:
        assert flood.counts[0] > 2 * capped.counts[0] and flood.counts[2] >= capped.counts[2]
        assert flood.right < capped.right
    capped, flood = (fmean(share_of_most_frequent(of_seed[kind].counts) for of_seed in rounds) for kind in (1, 2))
    assert capped < flood - 0.05


def share_of_most_frequent(taken: tuple[int, ...]) -> float:
    return (LABELLED[0] + taken[0]) / (sum(LABELLED) + sum(taken))


def test_the_student_gains_less_from_the_flood(rounds):
    assert fmean(capped.recall for _, capped, _ in rounds) > fmean(flood.recall for *_, flood in rounds)
