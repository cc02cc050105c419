"""A planted case through the engine: few labels of a rare class, and many unlabelled samples of it."""

import numpy as np
import pytest
import torch

from support.helpers import Linear, Table, make_phase, make_run, make_task
from tailwise.core.heads import Head
from tailwise.engine.train.loop import train_phase
from tailwise.pseudo.selection import Rule, select

HEAD = Head("kind", ("often", "seldom", "rare"))
DIM, LABELLED, UNLABELLED = 20, (200, 60, 8), (1500, 400, 300)
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


def rare_recall(model: Linear) -> float:
    x, labels = draw((0, 0, 500), 11)
    return float((likely(model, x).argmax(axis=1) == labels.numpy()).mean())


@pytest.fixture(scope="module")
def rounds():
    """(recall of the rare class, labels taken of each class, share of them that are right): of no rule, and of two."""
    x, labels = draw(LABELLED, 3)
    more, truth = draw(UNLABELLED, 103)
    teacher, names = train(x, labels), [f"u{i:04}" for i in range(len(more))]
    found = [(rare_recall(teacher), [0, 0, 0], 1.0)]
    for rule in (CAPPED, FLOOD):
        taken = select(likely(teacher, more), names, np.array(LABELLED), rule)
        student = train(torch.cat([x, more[taken.indices]]), torch.cat([labels, torch.tensor(taken.labels)]))
        right = float((taken.labels == truth.numpy()[taken.indices]).mean())
        found.append((rare_recall(student), np.bincount(taken.labels, minlength=3).tolist(), right))
    return found


def test_pseudo_labels_raise_the_recall_of_the_rare_class(rounds):
    (without, *_), (with_them, counts, right), _ = rounds
    assert without < 0.5 and with_them > without + 0.15
    assert counts[2] > LABELLED[2] and right > 0.95


def test_without_a_cap_the_majority_floods(rounds):
    """The share of the most frequent class among the labels that are trained with grows instead of falling."""
    _, (_, capped, _), (_, flood, _) = rounds
    shares = [(LABELLED[0] + counts[0]) / (sum(LABELLED) + sum(counts)) for counts in ([0, 0, 0], capped, flood)]
    assert shares[1] < shares[0] - 0.1 < shares[2] - 0.05
    assert flood[0] > 2.5 * capped[0] and flood[2] == capped[2]


def test_the_student_gains_less_from_the_flood(rounds):
    _, (capped, *_), (flood, *_) = rounds
    assert capped > flood
