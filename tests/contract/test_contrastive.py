"""Two views of each sample, drawn in `prepare`, and a loss over the whole batch."""

from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from support.helpers import Table, make_phase, make_run, make_task, same
from tailwise.core.batch import Batch
from tailwise.core.files import read_csv, read_json
from tailwise.core.heads import Head
from tailwise.core.stage.events import Events
from tailwise.engine.evaluate.evaluation import evaluate
from tailwise.engine.monitor.observers import keep_history, print_progress
from tailwise.engine.train.loop import train_phase
from tailwise.engine.train.outputs import write_outputs

PROBE = Head("probe", ("left", "right"))


class Encoder(nn.Module):
    """Embeds one view or two; a probe on the detached embedding says which epoch is best."""

    def __init__(self):
        super().__init__()
        self.embed, self.probe = nn.Linear(16, 8), nn.Linear(8, 2)

    def forward(self, x, other=None):
        z = F.normalize(self.embed(x), dim=1)
        views = {} if other is None else {"contrast": torch.stack([z, F.normalize(self.embed(other), dim=1)])}
        return {"probe": self.probe(z.detach()), **views}


def noisy(x, keys, view):
    """Half of the numbers say nothing: they are drawn anew for each view."""
    noise = np.stack([np.random.default_rng([view, *map(int, key)]).normal(size=8) for key in keys])
    return torch.cat([x[:, :8], 2 * torch.from_numpy(noise).float()], dim=1)


def two_views(batch, strength, keys):
    inputs = {"x": noisy(batch.inputs["x"], keys, 0), "other": noisy(batch.inputs["x"], keys, 1)}
    return Batch(inputs, batch.targets, batch.index)


def contrastive(outputs, batch, boost):
    a, b = outputs["contrast"]
    contrast = F.cross_entropy(a @ b.T / 0.1, torch.arange(len(batch)), reduction="sum")
    return {"contrast": contrast, "probe": F.cross_entropy(outputs["probe"], batch.targets["probe"], reduction="sum")}


def found_again(model, x):
    """Share of the samples whose second view is nearest to their first."""
    keys = np.arange(len(x))[:, None]
    with torch.no_grad():
        a, b = (F.normalize(model.embed(noisy(x, keys, view)), dim=1) for view in (2, 3))
    return float(((a @ b.T).argmax(dim=1) == torch.arange(len(x))).float().mean())


def test_views_of_one_sample_find_each_other():
    x = torch.randn(192, 16, generator=torch.Generator().manual_seed(0))
    table = Table({"x": x}, {"probe": (x[:, 0] > 0).long()})
    task = make_task(Encoder(), table, table, (PROBE,), contrastive, two_views)
    before = found_again(task.model, x[:64])
    trained = train_phase(task, make_phase(epochs=24, lr=1e-2), range(192), {}, make_run(batch_size=32))
    task.model.load_state_dict(trained.weights)
    assert before < 0.3 and found_again(task.model, x[:64]) > 0.9
    assert trained.history[-1].loss < 0.5 * trained.history[0].loss


class Bare(Encoder):
    """Without a probe; it takes two views, always."""

    def forward(self, x, other):
        return {name: outputs for name, outputs in super().forward(x, other).items() if name != "probe"}


def test_without_heads_and_metrics_the_last_epoch_is_the_best(folder):
    table = Table({"x": torch.randn(64, 16, generator=torch.Generator().manual_seed(0))}, {})

    def loss(outputs, batch, boost):
        a, b = outputs["contrast"]
        return {"contrast": F.cross_entropy(a @ b.T / 0.1, torch.arange(len(batch)), reduction="sum")}

    task = make_task(Bare(), table, table, (), loss, two_views, metrics={})
    observers = (keep_history(Path("live"), {}, {}), print_progress({}, Events()))
    run = make_run(batch_size=32, observers=observers)
    trained = train_phase(task, make_phase(epochs=4, lr=1e-2), range(64), {}, run)
    assert trained.best == 4 and [record.score for record in trained.history] == [None] * 4
    assert same(trained.weights, task.model.state_dict())
    write_outputs("pretrain", task.metrics, {}, trained, {}, run)
    kept = Path("reports/training/pretrain")
    rows = read_csv(kept / "epochs.csv")
    assert list(rows[3]) == ["epoch", "lr", "train_loss", "gradient_norm", "score"] and rows[3]["score"] == ""
    assert read_json(kept / "best.json") == {"epoch": 4} and read_json(kept / "alerts.json") == []
    assert (kept / "epochs.csv").read_bytes() == Path("live/epochs.csv").read_bytes()
    done = evaluate(task, run)
    assert (done.predictions, done.figures) == ({}, {})
