"""A padded sequence tagger uses the same engine as the fouls."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from support.helpers import Table, make_phase, make_run, make_task
from tailwise.core.heads import IGNORE, Head
from tailwise.engine.train.loop import train_phase
from tailwise.metrics.classification import Classification

HEAD = Head("tag", ("falls", "stays", "rises"))
METRIC = Classification(HEAD)
TOKENS, PAD = 4, 4


class Tagger(nn.Module):
    """tokens (B, T), length (B,) to {tag: logits (B, T, 3)}."""

    def __init__(self, dim: int = 24):
        super().__init__()
        self.embedding = nn.Embedding(TOKENS + 1, dim, padding_idx=PAD)
        self.layers = nn.GRU(dim, dim, num_layers=2, batch_first=True, bidirectional=True)
        self.head = nn.Linear(2 * dim, len(HEAD.classes))

    def forward(self, tokens, length):
        packed = pack_padded_sequence(self.embedding(tokens), length, batch_first=True, enforce_sorted=False)
        hidden, _ = pad_packed_sequence(self.layers(packed)[0], batch_first=True, total_length=tokens.shape[1])
        return {HEAD.name: self.head(hidden)}


def sequences(n: int, seed: int, padding: int) -> Table:
    """A position's tag compares its two neighbours, so the token itself says nothing; the ends have none."""
    rng = np.random.default_rng(seed)
    length = rng.integers(3, 11, n)
    tokens, tags = np.full((n, 10 + padding), PAD), np.full((n, 10 + padding), IGNORE)
    for row, size in enumerate(length):
        tokens[row, :size] = rng.integers(0, TOKENS, size)
        tags[row, 1 : size - 1] = 1 + np.sign(tokens[row, 2:size] - tokens[row, : size - 2])
    inputs = {"tokens": torch.from_numpy(tokens), "length": torch.from_numpy(length)}
    return Table(inputs, {HEAD.name: torch.from_numpy(tags)})


def train(padding: int, epochs: int):
    torch.manual_seed(0)
    train, valid = sequences(400, 1, padding), sequences(100, 2, padding)
    task = make_task(Tagger().double(), train, valid, (HEAD,))
    return train_phase(task, make_phase(epochs, lr=1e-2), range(400), {}, make_run(batch_size=16))


@pytest.fixture(scope="module")
def trained():
    return train(padding=0, epochs=4)


def test_a_tagger_learns_labels_that_only_the_neighbours_reveal(trained):
    matrix = METRIC.matrix(trained.history[trained.best - 1].totals["tag"])
    assert matrix.diagonal().sum() / matrix.sum() >= 0.95


def test_the_task_cannot_be_done_without_context():
    table = sequences(400, 1, 0)
    tokens, tags = table.inputs["tokens"], table.targets["tag"]
    best_guess = sum(int(torch.bincount(tags[(tokens == t) & (tags >= 0)]).max()) for t in range(TOKENS))
    assert best_guess / int((tags >= 0).sum()) < 0.5


def test_every_label_and_no_padding_counts(trained):
    labels = sequences(100, 2, 0).targets["tag"]
    assert METRIC.matrix(trained.history[0].totals["tag"]).sum() == (labels >= 0).sum()


def test_more_padding_changes_nothing(trained):
    padded = train(padding=6, epochs=4)
    torch.testing.assert_close(padded.weights, trained.weights, rtol=0, atol=1e-10)
    confusions = [[METRIC.matrix(record.totals["tag"]).tolist() for record in run.history] for run in (padded, trained)]
    assert confusions[0] == confusions[1] and padded.best == trained.best
