"""What the last layers of the heads are given."""

import numpy as np
import pytest
import torch
from torch import nn

from support.helpers import HEADS, make_run, make_table, make_task
from tailwise.core.batch import Batch
from tailwise.core.errors import UserError
from tailwise.core.heads import IGNORE, Head
from tailwise.engine.contract.task import Task
from tailwise.engine.evaluate.embeddings import embeddings

TAG = Head("tag", ("a", "b"))


class Songs:
    """Sequences of 2 to 5 positions, padded."""

    names = tuple(f"song {i}" for i in range(6))
    lengths = (3, 5, 2, 4, 5, 2)

    def __init__(self):
        self.x = torch.randn(6, 5, 3, generator=torch.Generator().manual_seed(1))

    def __len__(self):
        return 6

    def __getitem__(self, i):
        return i

    def groups(self):
        return self.names

    def labels(self, head):
        inside = np.arange(5) < np.array(self.lengths)[:, None]
        return np.where(inside, np.arange(5) % 2, IGNORE)

    def collate(self, items):
        return Batch({"x": self.x[items]}, {"tag": torch.from_numpy(self.labels("tag")[items])}, torch.tensor(items))


class Tagger(nn.Module):
    def __init__(self):
        super().__init__()
        self.body, self.dropout, self.last = nn.Linear(3, 4), nn.Dropout(0.5), nn.Linear(4, 2)

    def forward(self, x):
        return {"tag": self.last(self.dropout(self.body(x).tanh()))}


def test_embeddings_give_the_answers_back():
    task = make_task(valid=(valid := make_table(21, seed=3)))
    valid.targets["colour"][::4] = IGNORE
    layers = {head.name: [task.model.heads[head.name]] for head in HEADS}
    found = embeddings(task, make_run(batch_size=8, accumulate=2), layers)
    with torch.no_grad():
        outputs = task.model.eval()(valid.inputs["x"])
    for head in HEADS:
        kept = (valid.targets[head.name] != IGNORE).numpy()
        assert found[head.name].samples == [name for name, keep in zip(valid.names, kept) if keep]
        logits = task.model.heads[head.name](torch.from_numpy(found[head.name].rows))
        torch.testing.assert_close(logits, outputs[head.name][torch.from_numpy(kept)])
    assert found["size"].positions is None
    assert not task.model.heads["size"]._forward_pre_hooks


def test_positions_of_sequences_are_found_in_any_order():
    songs, model = Songs(), Tagger()
    no_loss = lambda outputs, batch, boost: {}  # noqa: E731
    task = Task((TAG,), model, {}, None, songs, lambda batch, *_: batch, no_loss, valid_lengths=songs.lengths)
    found = embeddings(task, make_run(batch_size=2), {"tag": [model.last, model.body]})["tag"]
    assert len(found.samples) == sum(songs.lengths) and found.rows.shape == (21, 4 + 3)
    asked = found.at(["song 4", "song 2"], np.array([3, 1]))
    expected = torch.stack([songs.x[4, 3], songs.x[2, 1]])
    torch.testing.assert_close(torch.from_numpy(asked[:, 4:]), expected)
    torch.testing.assert_close(torch.from_numpy(asked[:, :4]), model.body(expected).tanh().detach())
    with pytest.raises(ValueError, match="no embedding of 'song 2'"):
        found.at(["song 2"], np.array([4]))


def test_embeddings_that_are_not_finite_are_refused():
    task = make_task()
    nn.init.constant_(task.model.heads["size"].weight, torch.inf)
    layers = {"colour": [task.model.heads["colour"]]}
    embeddings(task, make_run(), layers)
    task.valid.inputs["x"][0, 0] = torch.nan
    with pytest.raises(UserError, match="colour: the embeddings are not finite: train the weights again"):
        embeddings(task, make_run(), layers)
