"""Two views of each sample, drawn in `prepare`, and a loss over the whole batch."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from support.helpers import Table, make_phase, make_run, make_task
from tailwise.core.batch import Batch, Head
from tailwise.engine.train.loop import train_phase

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
