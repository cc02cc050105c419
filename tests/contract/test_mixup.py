"""Mixed samples: (partner, share) travels in the batch, targets stay class ids."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from support.helpers import HEADS, make_phase, make_run, make_table, make_task
from tailwise.core.batch import Batch, Mix
from tailwise.engine.train.loop import train_phase
from tailwise.losses.head.cross_entropy import cross_entropy


def mixed_pairs(batch, strength, keys):
    share = float(np.random.default_rng([int(word) for word in keys[0]]).beta(strength, strength))
    partner, x = torch.arange(len(batch)).roll(1), batch.inputs["x"]
    return Batch({"x": share * x + (1 - share) * x[partner]}, batch.targets, batch.index, Mix(partner, share))


def mixed_loss(outputs, batch, boost):
    share, sums = batch.mix.share, {}
    for name, logits in outputs.items():
        own, other = batch.targets[name], batch.targets[name][batch.mix.partner]
        sums[name] = share * cross_entropy(logits, own) + (1 - share) * cross_entropy(logits, other)
    return sums


def test_the_mixed_loss_is_cross_entropy_with_shared_labels():
    seen, table = [], make_table(16)
    task = make_task(train=table, prepare=lambda *a: seen.append(mixed_pairs(*a)) or seen[-1], loss=mixed_loss)
    start = {name: tensor.clone() for name, tensor in task.model.state_dict().items()}
    trained = train_phase(task, make_phase(epochs=1, augment=0.8), range(16), {}, make_run(batch_size=16))
    task.model.load_state_dict(start)
    batch, expected = seen[0], 0.0
    for head in HEADS:
        hard = F.one_hot(batch.targets[head.name], len(head.classes)).float()
        shared = batch.mix.share * hard + (1 - batch.mix.share) * hard[batch.mix.partner]
        expected += F.cross_entropy(task.model(**batch.inputs)[head.name], shared)
    assert 0.01 < batch.mix.share < 0.99
    assert trained.history[0].loss == pytest.approx(expected.item(), rel=1e-6)


def test_mixing_trains_and_is_off_in_evaluation():
    task = make_task(prepare=mixed_pairs, loss=mixed_loss)
    trained = train_phase(task, make_phase(epochs=30, lr=5e-2, augment=0.8), range(24), {}, make_run())
    assert trained.history[-1].score > 0.8 > trained.history[0].score
