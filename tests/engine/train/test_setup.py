"""What a training stage reads before it trains, and what a phase's loss and sampler make of it."""

from collections import Counter

import pytest
import torch

from support.helpers import HEADS, Linear, make_phase, make_run, make_table, make_task
from tailwise.balance.files import Draws, write_curriculum
from tailwise.core.errors import UserError
from tailwise.engine.train.loop import train_phase
from tailwise.engine.train.setup import Balance, read_balance, read_schedule, with_draws, with_loss
from tailwise.losses.head.boost import ClassBoost
from tailwise.losses.head.cross_entropy import CrossEntropy
from tailwise.losses.head.focal import Focal
from tailwise.losses.head.ldam import LDAM

FOCAL = Focal("focal", 2.0)


def balance(samples, draws=None):
    boost = {"colour": ClassBoost(torch.tensor([1.0, 2.0, 3.0]), torch.tensor([2.0, 1.0, 1.0]))}
    return Balance(samples, {}, boost, draws)


def test_a_plain_loss_changes_nothing():
    before = balance([0, 1, 2])
    assert with_loss(before, make_phase(loss=CrossEntropy("cross_entropy")), HEADS, make_table(3)) is before


def test_every_head_gets_the_loss_and_counts_each_sample_once():
    table = make_table(4)
    table.targets["colour"], table.targets["size"] = torch.tensor([0, 0, 1, 2]), torch.tensor([1, 0, 1, 1])
    found = with_loss(balance([0, 1, 1, 1, 2]), make_phase(loss=FOCAL), HEADS, table).tensors
    assert {of_head.loss for of_head in found.values()} == {FOCAL} and list(found) == ["colour", "size"]
    assert found["colour"].boost.tolist() == [1, 2, 3] and found["colour"].samples.tolist() == [2, 1, 0]
    assert found["size"].weights().tolist() == [1, 1] and not found["size"].margins().any()


def test_a_loss_without_a_head_is_refused():
    with pytest.raises(UserError, match="loss {kind: focal} has no effect: the pipeline has no head"):
        with_loss(Balance([0], {}, {}), make_phase(loss=FOCAL), (), make_table(1))


def test_a_sampler_gives_each_epoch_its_draws():
    table, draws = make_table(4), Draws([1, 1, 1], [0.5, 0.5, 2])
    found = with_draws(balance([0, 1, 3], draws), (1, "phase1"), make_phase(epochs=2), HEADS, table).samples
    assert sorted(found(0)) == [0, 1, 3]
    assert Counter(found(1))[3] == 2 and len(found(1)) == 3
    with pytest.raises(UserError, match="phase1.samples: draws that change by the epoch need 2 epochs or more"):
        with_draws(balance([0, 1, 3], draws), (1, "phase1"), make_phase(epochs=1), HEADS, table)


@pytest.mark.parametrize(
    "kind", [FOCAL, LDAM("ldam", 0.5), CrossEntropy("cross_entropy", 0.2)], ids=lambda kind: kind.kind
)
def test_the_loss_reaches_training_and_not_the_figures(kind):
    runs = []
    for loss in (CrossEntropy("cross_entropy"), kind):
        task, phase = make_task(), make_phase(epochs=1, lr=1e-9, loss=loss)
        tensors = with_loss(Balance(list(range(24)), {}, {}), phase, HEADS, task.samples).tensors
        runs.append(train_phase(task, phase, range(24), tensors, make_run()).history[0])
    assert runs[0].loss != pytest.approx(runs[1].loss, abs=1e-3)
    assert runs[0].totals["colour"] == pytest.approx(runs[1].totals["colour"], abs=1e-5)


def test_accumulation_changes_nothing():
    weights, table = [], make_table(24)
    table.inputs["x"] = table.inputs["x"].double()
    for accumulate in (1, 4):
        task = make_task(Linear(5, HEADS).double(), table, table)
        phase = make_phase(epochs=2, loss=LDAM("ldam", 0.5, 2.0))
        tensors = with_loss(balance(list(range(24))), phase, HEADS, task.samples).tensors
        weights.append(train_phase(task, phase, range(24), tensors, make_run(accumulate=accumulate)).weights)
    for name, tensor in weights[0].items():
        torch.testing.assert_close(tensor, weights[1][name], rtol=1e-6, atol=1e-8)


def test_a_curriculum_gives_each_epoch_its_samples(tmp_path):
    samples, path = make_table(4), tmp_path / "phase2.csv"
    names = list(samples.names)
    write_curriculum(path, {1: names[:1], 3: [*names, names[0]]})
    schedule = read_schedule("phase2", path, 3, samples)
    assert schedule and [schedule(epoch) for epoch in range(3)] == [[0], [0], [0, 1, 2, 3, 0]]
    assert read_balance(None, (), samples, schedule).samples is schedule


def test_a_table_without_rows_draws_what_is_drawn_without_it(tmp_path):
    write_curriculum(tmp_path / "phase2.csv", {})
    for path in (tmp_path / "phase2.csv", None):
        assert read_schedule("phase2", path, 3, make_table(4)) is None
    assert read_balance(None, (), make_table(4)).samples == [0, 1, 2, 3]


def test_a_curriculum_that_outlasts_its_phase_is_refused(tmp_path):
    samples, path = make_table(2), tmp_path / "phase2.csv"
    write_curriculum(path, {1: samples.names[:1], 4: samples.names})
    with pytest.raises(UserError, match="phase2.curriculum admits samples until epoch 4, and the phase has 3"):
        read_schedule("phase2", path, 3, samples)
