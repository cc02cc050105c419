"""Each option of a phase has its effect, and resumes to the last bit wherever the run ends."""

import shutil
from dataclasses import replace

import pytest
import torch
from torch import nn

from support.helpers import make_phase, make_run, make_table, make_task, noisy, same, scripted
from support.training.options import CONSTANT, OPTIONS, PHASE, Model, Stop, growing, outcome
from tailwise.core.errors import UserError
from tailwise.engine.checkpoint.hand_over import read_hand_over, write_hand_over
from tailwise.engine.checkpoint.recovery import Recovery
from tailwise.engine.checkpoint.weights import read_tensors
from tailwise.engine.contract.metric import Select
from tailwise.engine.contract.options import EarlyStopping
from tailwise.engine.contract.run import Stability
from tailwise.engine.train.loop import train_phase
from tailwise.engine.train.trainer import PhaseTrainer
from tailwise.optim.adamw import AdamW
from tailwise.optim.average import EMA, SWA
from tailwise.optim.cosine import Cosine
from tailwise.optim.linear import Linear as Line
from tailwise.optim.plateau import Plateau
from tailwise.optim.ranger import Ranger
from tailwise.optim.sam import SAM


def train(model=None, phase=None, samples=range(20), handed=None, **run):
    task = make_task(model or Model(), make_table(20), prepare=noisy)
    return train_phase(task, phase or PHASE(), samples, {}, make_run(accumulate=2, **run), handed)


@pytest.mark.parametrize("name", [*OPTIONS, "curriculum"])
def test_a_run_that_ends_anywhere_resumes_as_if_uninterrupted(tmp_path, name):
    how = {"samples": growing} if name == "curriculum" else {"phase": OPTIONS[name]}
    model = Model()
    with Recovery(tmp_path / "straight") as recovery:
        straight = outcome(train(model, recovery=recovery, **how), recovery.folder)
    assert straight[-1] or name != "keep every"
    for at in range(2, model.calls.number + 1, 7):
        with pytest.raises(Stop), Recovery(tmp_path / "run") as recovery:
            train(Model(at), recovery=recovery, save_every=0.0, **how)
        with Recovery(tmp_path / "run") as recovery:
            assert outcome(train(recovery=recovery, **how), recovery.folder) == straight, at
        with Recovery(tmp_path / "run") as recovery:  # what is done with the result may fail
            assert outcome(train(Model(1), recovery=recovery, **how), recovery.folder) == straight, at
        shutil.rmtree(tmp_path / "run")


@pytest.mark.parametrize("name", [*OPTIONS, "curriculum"])
def test_every_option_has_an_effect(tmp_path, name):
    how = {"samples": growing} if name == "curriculum" else {"phase": OPTIONS[name]}
    with Recovery(tmp_path / "with") as own, Recovery(tmp_path / "without") as other:
        assert outcome(train(recovery=own, **how), own.folder) != outcome(train(recovery=other), other.folder)


@pytest.mark.parametrize("name", ["sam", "ranger", "ema", "swa", "last"])
def test_under_the_guards_a_spike_is_rolled_back_and_resumes(tmp_path, name):
    def poisoned(at=None, **run):
        """The batch of sample 7 is poisoned from the third epoch on."""

        def prepare(batch, strength, keys):
            late = (keys[:, 2] >= 2) & (keys[:, 3] == 7)
            batch.inputs["x"][torch.from_numpy(late)] *= -1e4
            return batch

        model = Model(at)
        model.norm = nn.Identity()
        stability = Stability(guards=True, spike_factor=1.5, max_rollbacks=5)
        phase = make_phase(epochs=4, lr=1e-3, **{key: getattr(OPTIONS[name], key) for key in ("optimizer", "average")})
        task = make_task(model, make_table(20), prepare=prepare)
        return train_phase(task, phase, range(20), {}, make_run(batch_size=2, stability=stability, **run))

    straight = poisoned()
    assert {i.fault for record in straight.history for i in record.interventions} == {"loss spike"}
    assert all(tensor.abs().max() < 2 for tensor in straight.weights.values())
    for at in (54, 60, 83):  # of 88 or more evaluations
        with pytest.raises(Stop), Recovery(tmp_path / "run") as recovery:
            poisoned(at, recovery=recovery, save_every=0.0)
        with Recovery(tmp_path / "run") as recovery:
            assert outcome(poisoned(recovery=recovery)) == outcome(straight)
        shutil.rmtree(tmp_path / "run")


def test_a_rollback_takes_the_averaged_weights_back_too():
    trainer = PhaseTrainer(make_task(), make_phase(average=EMA("ema", 0.5)), range(24), {}, make_run())
    trainer.average.after_step(trainer.task.model)
    kept = trainer.snapshot()
    with torch.no_grad():
        [parameter.add_(1e6) for parameter in trainer.task.model.parameters()]
    trainer.average.after_step(trainer.task.model)
    trainer.restore(kept)
    assert same(trainer.snapshot(), kept)


# early stopping


@pytest.mark.parametrize(
    ("recalls", "early", "epochs"),
    [
        ([0.5, 0.6, 0.6, 0.5, 0.9], EarlyStopping(2), 4),
        ([0.5, 0.6, 0.6, 0.7, 0.9], EarlyStopping(2), 5),
        ([0.5, 0.6, 0.7, 0.8, 0.9], EarlyStopping(2, min_delta=0.25), 3),
        ([0.5, 0.4, 0.4, 0.4, 0.9], EarlyStopping(1), 2),
    ],
)
def test_it_stops_after_its_patience_and_the_history_says_so(monkeypatch, recalls, early, epochs):
    scripted(monkeypatch, recalls)
    trained = train_phase(make_task(), make_phase(epochs=5, early_stopping=early), range(24), {}, make_run())
    assert [record.epoch for record in trained.history] == list(range(1, epochs + 1))
    assert trained.stopped == (epochs < 5) and {record.epochs for record in trained.history} == {5}
    assert trained.best == 1 + recalls[:epochs].index(max(recalls[:epochs]))


@pytest.mark.parametrize(
    "phase",
    [make_phase(early_stopping=EarlyStopping(2)), make_phase(schedule=Plateau("plateau", 2))],
)
def test_without_a_score_what_needs_one_is_refused(phase):
    task = make_task()
    with pytest.raises(UserError, match="needs a validation score, and the task selects no metric"):
        train_phase(replace(task, select=None), phase, range(24), {}, make_run())


@pytest.mark.parametrize("wrong", [{"keep_every": 3}, {"average": SWA("swa", 3)}])
def test_a_setting_beyond_the_last_epoch_is_refused(wrong):
    with pytest.raises(UserError, match="3 is above the phase's 2 epochs: it has no effect"):
        train_phase(make_task(), make_phase(**wrong), range(24), {}, make_run())


def test_a_plateau_lowers_the_rate_and_lower_losses_are_better(monkeypatch):
    phase = make_phase(epochs=5, lr=1.0, schedule=Plateau("plateau", 0, 0.5))
    scripted(monkeypatch, [0.5, 0.6, 0.6, 0.7, 0.7])
    trained = train_phase(make_task(), phase, range(24), {}, make_run())
    assert [record.lr for record in trained.history] == [1.0, 1.0, 1.0, 0.5, 0.5]
    scripted(monkeypatch, [0.5, 0.6, 0.6, 0.7, 0.7])
    select = Select("colour", "macro_recall", "min")
    trained = train_phase(replace(make_task(), select=select), phase, range(24), {}, make_run())
    assert [record.lr for record in trained.history] == [1.0, 1.0, 0.5, 0.25, 0.125] and trained.best == 1


# averages


def raw_weights(phase, epoch, tmp_path):
    """Of the run without an average, at the end of an epoch from 1."""
    with Recovery(tmp_path / "raw") as recovery:
        train(phase=phase, recovery=recovery)
        weights, _ = read_tensors(recovery.folder / f"epoch{epoch:03}.safetensors")
    shutil.rmtree(tmp_path / "raw")
    return weights


def test_the_mean_of_the_last_epochs_is_validated_and_handed_over(tmp_path):
    phase = PHASE(average=SWA("swa", 2), hand_over="last")
    trained = train(phase=phase)
    last = [raw_weights(PHASE(keep_every=1), epoch, tmp_path) for epoch in (3, 4)]
    for name, weights in trained.weights.items():
        if "running" not in name and "batches" not in name:
            torch.testing.assert_close(weights, (last[0][name] + last[1][name]) / 2)
    assert same(trained.last.tensors | {f"model/{n}": t for n, t in last[1].items()}, trained.last.tensors)
    figures = [record.totals for record in trained.history], [record.totals for record in train().history]
    assert figures[0][:2] == figures[1][:2] and figures[0][3] != figures[1][3]


@pytest.mark.parametrize("average", [EMA("ema", 0.8), SWA("swa", 2)])
def test_batch_norm_is_measured_by_the_averaged_weights(average):
    """It comes first in the model, so that its means are those of the inputs, by equal batches."""
    task = make_task(Model(), make_table(24))
    run = make_run(batch_size=8)
    trained = train_phase(task, make_phase(epochs=3, average=average, hand_over="last"), range(24), {}, run)
    x = make_table(24).inputs["x"]
    torch.testing.assert_close(trained.weights["norm.running_mean"], x.mean(dim=0))
    raw = trained.last.tensors["model/norm.running_mean"]
    assert not torch.allclose(raw, x.mean(dim=0), atol=1e-3) and trained.weights["norm.num_batches_tracked"] == 3


def test_frozen_batch_norm_stays_as_it_was():
    model = Model()
    phase = make_phase(epochs=2, average=EMA("ema", 0.8), trainable=("heads.*",), hand_over="last")
    trained = train_phase(make_task(model), phase, range(24), {}, make_run())
    assert trained.weights["norm.running_mean"].tolist() == [0.0] * 5


# kept epochs, curriculum


def test_every_second_epoch_is_kept(tmp_path):
    with Recovery(tmp_path / "run") as recovery:
        train(phase=PHASE(keep_every=2), recovery=recovery)
        assert sorted(file.name for file in recovery.folder.glob("epoch*")) == [
            "epoch002.safetensors",
            "epoch004.safetensors",
        ]


def test_each_epoch_has_its_own_samples_and_steps():
    seen, lrs = [], []

    def prepare(batch, strength, keys):
        seen.append((int(keys[0, 2]), sorted(batch.index.tolist())))
        return batch

    phase = make_phase(epochs=3, schedule=Line("linear", end=0.0), lr=1.0)
    task = make_task(prepare=prepare)
    run = make_run(batch_size=4, observers=(lambda history: lrs.append(history[-1].lr),))
    train_phase(task, phase, lambda epoch: [0, 1, 2] * (epoch + 1), {}, run)
    by_epoch = [sorted(i for epoch, batch in seen[-6:] if epoch == e for i in batch) for e in range(3)]
    assert by_epoch == [[0, 1, 2], [0, 0, 1, 1, 2, 2], [0, 0, 0, 1, 1, 1, 2, 2, 2]]
    assert lrs == pytest.approx([1.0, 1 - 2 / 6, 1 - 5 / 6])


def test_an_epoch_without_samples_is_refused():
    with pytest.raises(UserError, match="epoch 2 has no training sample"):
        train(samples=lambda epoch: [] if epoch else [1])


# hand over


SEGMENTS = {
    "adamw": ({}, [(CONSTANT, CONSTANT, CONSTANT), CONSTANT]),
    "line": (
        {},
        [
            (Line("linear", end=0.5), Line("linear", start=0.5, end=0.25), Line("linear", start=0.25, end=0.0)),
            Line("linear", end=0.0),
        ],
    ),
    "ema": ({"average": EMA("ema", 0.9)}, [(CONSTANT,) * 3, CONSTANT]),
    "ranger": ({"optimizer": Ranger("ranger", 0.1, k=5)}, [(CONSTANT,) * 3, CONSTANT]),
    "sam": ({"optimizer": SAM("sam", AdamW("adamw", 0.1))}, [(CONSTANT,) * 3, CONSTANT]),
}


@pytest.mark.parametrize("name", SEGMENTS)
def test_three_segments_are_one_phase_to_the_last_bit(tmp_path, name):
    """Of 4, 2 and 2 epochs; the state travels as a file, the model is built anew, the phases have their own names."""
    options, (schedules, whole) = SEGMENTS[name]
    straight = train(phase=PHASE(epochs=8, hand_over="last", schedule=whole, **options))
    handed, history = None, []
    for number, (epochs, schedule) in enumerate(zip((4, 2, 2), schedules)):
        phase = PHASE(epochs=epochs, hand_over="last", schedule=schedule, **options)
        run = replace(make_run(accumulate=2), name=f"phase{number + 1}")
        task = make_task(Model(), make_table(20), prepare=noisy)
        trained = train_phase(task, phase, range(20), {}, run, handed)
        history += trained.history
        path = tmp_path / f"{number}.safetensors"
        write_hand_over(path, trained.last)
        handed = read_hand_over(path, {}, trained.last.optimizer)
    assert same(trained.weights, straight.weights) and same(trained.last.tensors, straight.last.tensors)
    assert trained.last.guard == straight.last.guard and trained.last.epochs == straight.last.epochs == 8
    assert [r.loss for r in history] == [r.loss for r in straight.history]
    assert [r.score for r in history] == [r.score for r in straight.history]


def test_segments_of_a_cosine_are_the_cosine():
    """Rounding aside."""
    straight = train(phase=PHASE(epochs=3, hand_over="last", schedule=Cosine("cosine", 0.0, 0.0)))
    handed = None
    for start, end in ((1.0, 0.75), (0.75, 0.25), (0.25, 0.0)):
        schedule = Cosine("cosine", 0.0, 0.0, start, end)
        handed = (trained := train(phase=PHASE(epochs=1, hand_over="last", schedule=schedule), handed=handed)).last
    torch.testing.assert_close(trained.weights, straight.weights, rtol=0, atol=1e-5)


def test_a_segment_resumes_to_the_last_bit(tmp_path):
    first = train(phase=PHASE(epochs=2, hand_over="last", schedule=CONSTANT)).last
    phase = PHASE(epochs=2, hand_over="last", schedule=CONSTANT)
    straight = outcome(train(phase=phase, handed=first))
    for at in range(2, 22, 4):
        with pytest.raises(Stop), Recovery(tmp_path / "run") as recovery:
            train(Model(at), phase=phase, handed=first, recovery=recovery, save_every=0.0)
        with Recovery(tmp_path / "run") as recovery:
            assert outcome(train(phase=phase, handed=first, recovery=recovery)) == straight, at
        shutil.rmtree(tmp_path / "run")


def test_the_last_epoch_is_handed_over_even_if_another_is_better(monkeypatch):
    scripted(monkeypatch, [0.9, 0.5])
    assert train_phase(make_task(), make_phase(hand_over="last"), range(24), {}, make_run()).best == 2
