"""One call trains one phase: the same weights however computed, and frozen parts stay."""

import math

import pytest
import torch
from torch import nn

from support.helpers import (
    HEADS,
    Linear,
    Table,
    make_phase,
    make_run,
    make_table,
    make_task,
    metrics_of,
    noisy,
    same,
    scripted,
    summed_loss,
)
from tailwise.core.errors import UserError
from tailwise.core.heads import IGNORE
from tailwise.engine.contract.phase import Rate
from tailwise.engine.contract.run import Run, Stability
from tailwise.engine.train.loop import train_phase
from tailwise.losses.head.boost import ClassBoost
from tailwise.optim.adamw import AdamW
from tailwise.optim.cosine import Cosine


def train(task=None, phase=None, samples=range(24), boost=None, **run):
    return train_phase(task or make_task(), phase or make_phase(), samples, boost or {}, make_run(**run))


def test_the_number_of_data_workers_changes_nothing():
    alone, helped = (train(make_task(Linear(5, HEADS, dropout=0.5)), workers=n) for n in (0, 2))
    assert same(alone.weights, helped.weights) and alone.history == helped.history


def patchy_table(n=40):
    """The labels of whole micro-batches are missing, in each head other ones."""
    table = make_table(n)
    table.inputs["x"] = table.inputs["x"].double()
    table.targets["colour"][: n // 2] = IGNORE
    table.targets["size"][torch.arange(n) % 7 != 0] = IGNORE
    return table


@pytest.mark.parametrize("boosted", [False, True])
def test_accumulation_changes_nothing(boosted):
    table, runs = patchy_table(), []
    boost = {
        "colour": ClassBoost(torch.tensor([1.0, 2.0, 3.0]).double(), torch.tensor([8.0, 8.0, 8.0])),
        "size": ClassBoost(torch.tensor([1.0, 4.0]).double(), torch.tensor([20.0, 5.0])),
    }
    for accumulate in (1, 4):
        task = make_task(Linear(5, HEADS).double(), table, table)
        phase = make_phase(epochs=3, optimizer=AdamW("adamw", 0.1), clip=0.3)
        runs.append(train(task, phase, range(40), boost if boosted else None, batch_size=16, accumulate=accumulate))
    torch.testing.assert_close(runs[0].weights, runs[1].weights, rtol=0, atol=1e-12)
    assert [r.loss for r in runs[0].history] == pytest.approx([r.loss for r in runs[1].history], abs=1e-6)


def test_the_loss_is_the_mean_over_the_labels_of_the_whole_step():
    table = patchy_table()
    task = make_task(Linear(5, HEADS).double(), table, table)
    with torch.no_grad():
        outputs = task.model(table.inputs["x"])
        pairs = [(outputs[head.name], table.targets[head.name]) for head in HEADS]
        expected = sum(nn.functional.cross_entropy(*pair, ignore_index=IGNORE) for pair in pairs)
    trained = train(task, make_phase(epochs=1), range(40), batch_size=40, accumulate=4)
    assert trained.history[0].loss == pytest.approx(expected.item(), abs=1e-6)


def test_a_step_without_a_single_label_is_no_step():
    table = make_table()
    for ids in table.targets.values():
        ids[:] = IGNORE
    task = make_task(train=table)
    before = {name: tensor.clone() for name, tensor in task.model.state_dict().items()}
    trained = train(task)
    assert same(trained.weights, before) and trained.history[0].loss == 0


def test_the_boost_reaches_the_loss():
    boost = {"colour": ClassBoost(torch.tensor([1.0, 3.0, 9.0]), torch.tensor([8.0, 8.0, 8.0]))}
    assert not same(train().weights, train(boost=boost).weights)


def test_a_boost_in_the_logits_reaches_the_loss_and_not_the_figures():
    boost = {"colour": ClassBoost(torch.tensor([1.0, 3.0, 9.0]), torch.tensor([8.0, 8.0, 8.0]), "margin")}
    runs = [train(boost=b, phase=make_phase(epochs=1, lr=1e-9)).history[0] for b in (None, boost)]
    assert runs[0].loss != pytest.approx(runs[1].loss, abs=1e-3)
    losses = [metrics_of()["colour"].loss(run.totals["colour"]) for run in runs]
    assert losses[0] == pytest.approx(losses[1], abs=1e-6)


@pytest.mark.parametrize("apply_as", ["weight", "margin"])
def test_a_boost_on_a_frozen_head_is_refused(apply_as):
    boost = {"colour": ClassBoost(torch.tensor([1.0, 3.0, 9.0]), torch.tensor([8.0, 8.0, 8.0]), apply_as)}
    with pytest.raises(
        UserError, match="the boost of head colour has no effect: all parameters its logits depend on are fro"
    ):
        train(phase=make_phase(trainable=("heads.size.*",)), boost=boost)
    even = {"colour": ClassBoost(torch.ones(3), torch.tensor([8.0, 8.0, 8.0]), apply_as)}
    train(phase=make_phase(trainable=("heads.size.*",)), boost=even)


def test_a_slow_part_moves_by_its_share_of_the_rate():
    start, phase = Linear(5, HEADS).state_dict(), make_phase(epochs=1, lr=1e-3, rates=(Rate("heads.size.*", 0.01),))
    moved = train(phase=phase, batch_size=24).weights
    step = {name: (moved[name] - start[name]).abs().max().item() for name in start}
    assert step["heads.colour.weight"] == pytest.approx(1e-3, rel=1e-2)
    assert step["heads.size.weight"] == pytest.approx(1e-5, rel=1e-2)


def test_a_sample_drawn_again_is_augmented_anew_and_the_first_draw_as_ever():
    def keys_of(samples, **run):
        seen = []
        prepare = lambda batch, strength, keys: seen.append((batch.index.tolist(), keys.tolist())) or batch  # noqa: E731
        train(make_task(prepare=prepare), make_phase(epochs=1), samples, **run)
        return [(place, tuple(key)) for places, keys in seen for place, key in zip(places, keys)]

    drawn = keys_of([3, 3, 3, 8], batch_size=2)
    assert sorted(place for place, _ in drawn) == [3, 3, 3, 8] and len(set(drawn)) == 4
    assert set(keys_of([3, 8])) <= set(drawn)
    assert sorted(keys_of([3, 3, 3, 8], batch_size=4, accumulate=2)) == sorted(drawn)


def test_only_the_phases_samples_are_trained_on_each_once_an_epoch():
    seen = []
    task = make_task(prepare=lambda batch, strength, keys: seen.append(batch.index) or batch)
    train(task, samples=[3, 5, 8, 13, 21], batch_size=2)
    first, second = torch.cat(seen[:3]).tolist(), torch.cat(seen[3:]).tolist()
    assert sorted(first) == sorted(second) == [3, 5, 8, 13, 21] and first != second


def test_the_strength_of_the_phase_reaches_the_augmentation():
    runs = [train(make_task(prepare=noisy), make_phase(augment=a)).weights for a in (0.0, 0.0, 0.5, 1.0)]
    assert same(runs[0], runs[1]) and not same(runs[0], runs[2]) and not same(runs[2], runs[3])


def test_the_rate_follows_the_schedule_at_every_step():
    rates = []

    class Watched(torch.optim.SGD):
        def step(self, closure):
            rates.append(self.param_groups[0]["lr"])
            return super().step(closure)

    class Plain:
        build = staticmethod(Watched)

    schedule = Cosine("cosine", warmup=0.5, floor=0.1)
    trained = train(phase=make_phase(2, 0.3, optimizer=Plain(), schedule=schedule), batch_size=8)
    assert rates == pytest.approx([0.3 * schedule.factor(step, 6) for step in range(6)])
    assert [record.lr for record in trained.history] == pytest.approx([rates[2], rates[5]])


def test_the_gradient_is_clipped_over_the_whole_step():
    task, clip = make_task(), 0.01
    before = [p.detach().clone() for p in task.model.parameters()]

    class Plain:
        build = staticmethod(torch.optim.SGD)

    train(task, make_phase(1, 1.0, optimizer=Plain(), clip=clip), batch_size=24, accumulate=4)
    moved = torch.cat([(p - old).flatten() for p, old in zip(task.model.parameters(), before)])
    assert moved.norm().item() == pytest.approx(clip, rel=1e-3)


@pytest.mark.parametrize("broken", ["loss", "gradient"])
@pytest.mark.parametrize("accumulate", [1, 2])
def test_without_guards_what_is_not_finite_stops_the_run_before_anything_moved(broken, accumulate):
    before, calls = {}, []

    def spoiled(outputs, batch, boost):
        calls.append(batch)
        sums = summed_loss(outputs, batch, boost)
        if len(calls) == 2 * accumulate:  # the last part of the second step
            spoil = torch.sqrt(0 * sums["size"]) if broken == "gradient" else math.inf * sums["size"]
            sums["size"] = sums["size"] + spoil
        if len(calls) == accumulate + 1:
            before.update({name: tensor.clone() for name, tensor in task.model.state_dict().items()})
        return sums

    task = make_task(loss=spoiled)
    with pytest.raises(UserError, match="phase1 epoch 1 step 2: loss or gradient is not finite; lower its lr"):
        train(task, accumulate=accumulate, stability=Stability(guards=False))
    assert same(task.model.state_dict(), before)


@pytest.mark.parametrize(("recalls", "best"), [([0.5, 0.8, 0.8, 0.3], 2), ([0.9, 0.1], 1), ([0.1, 0.2], 2), ([0.0], 1)])
def test_the_weights_of_the_best_epoch_are_kept_the_earliest_of_equals(monkeypatch, recalls, best):
    scripted(monkeypatch, recalls)
    task, weights = make_task(), []

    def observe(history):
        weights.append({name: tensor.clone() for name, tensor in task.model.state_dict().items()})

    trained = train(task, make_phase(epochs=len(recalls)), observers=(observe,))
    assert trained.best == best and same(trained.weights, weights[best - 1])
    assert [record.score for record in trained.history] == pytest.approx(recalls)


class TwoParts(nn.Module):
    """A backbone with a norm that counts, dropout, and heads."""

    def __init__(self):
        super().__init__()
        self.backbone = nn.Sequential(nn.Linear(5, 5), nn.BatchNorm1d(5), nn.Dropout(0.5))
        self.top = Linear(5, HEADS)

    def forward(self, x):
        return self.top(self.backbone(x))


def test_frozen_parts_neither_train_nor_update_statistics_nor_use_dropout():
    model, modes = TwoParts(), set()
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}

    def watch(part, given, out):
        modes.add((torch.is_grad_enabled(), part.training))

    model.backbone[1].register_forward_hook(watch)
    trained = train(make_task(model), make_phase(trainable=("top.*",)))
    moved = {name for name, tensor in trained.weights.items() if not torch.equal(tensor, before[name])}
    assert moved == {name for name in before if name.startswith("top.")}
    assert modes == {(True, False), (False, False)}


def test_phases_are_distinguished_by_their_names():
    runs = [Run(name, make_run().training, torch.device("cpu")) for name in ("phase1", "phase1", "phase2")]
    runs = [train_phase(make_task(), make_phase(), range(24), {}, run).weights for run in runs]
    assert same(runs[0], runs[1]) and not same(runs[0], runs[2])


def test_observers_get_the_records_so_far():
    seen = []
    trained = train(phase=make_phase(epochs=3), observers=(lambda history: seen.append([r.epoch for r in history]),))
    assert seen == [[1], [1, 2], [1, 2, 3]] and len(trained.history) == 3


def test_one_sample_is_a_phase():
    table = Table({"x": torch.randn(1, 5)}, {head.name: torch.zeros(1, dtype=torch.int64) for head in HEADS})
    assert len(train(make_task(train=table, valid=table), samples=[0]).history) == 2
