"""Limits on validation figures: an emergency stop, what it hands over, and its record."""

import json
import re

import numpy as np
import pytest

from support.helpers import make_phase, make_run, make_task, mean_recall, metrics_of, same
from tailwise.core.errors import UserError
from tailwise.core.files import read_csv
from tailwise.core.params.typed import convert
from tailwise.core.stage.events import Events
from tailwise.engine.checkpoint.recovery import Recovery
from tailwise.engine.contract.options import EarlyStopping
from tailwise.engine.monitor.history import write_history
from tailwise.engine.train.loop import train_phase
from tailwise.reporting.history import read_history


class Scripted:
    """A figure that rises from validation to validation. values: of the epochs"""

    def __init__(self, values):
        self.values, self.calls = values, 0

    def part(self, outputs, batch):
        return np.array([len(batch), 0.0])

    def value(self, total):
        return {"above_95": None if total[0] < 24 else self.values(), "epochs": {"a": 1.0}}


class Stop(BaseException):
    pass


def train(values=(0.1, 0.2, 0.7, 0.3), limits=None, epochs=4, stop=None, how=None, **run):
    """The figure of an epoch follows from how far the bias has moved: from the number of epochs alone."""
    seen = []

    def prepare(batch, strength, keys):
        seen.append(int(keys[0, 2]))
        if len(seen) == stop:
            raise Stop
        return batch

    metric = Scripted(lambda: values[seen[-1]])
    task = make_task(prepare=prepare, metrics={**metrics_of(), "confidence": metric}, select=mean_recall())
    early = EarlyStopping(9, limits=limits or {"confidence.above_95": 0.6})
    phase = make_phase(epochs=epochs, lr=1e-4, early_stopping=early, **(how or {}))
    return task, train_phase(task, phase, range(24), {}, make_run(**run))


def test_a_figure_above_its_limit_ends_the_phase_after_its_epoch():
    task, trained = train()
    assert [record.stopped for record in trained.history] == [False, False, True] and trained.stopped
    (row,) = trained.history[-1].interventions
    assert (row.epoch, row.step, row.fault, row.action) == (3, 3, "figure above its limit", "stop")
    assert (row.parameter, row.loss, row.reference) == ("confidence.above_95", 0.7, 0.6)


def test_a_figure_at_its_limit_or_undefined_is_none_above_it():
    assert len(train((0.6, 0.6, 0.6, 0.6))[1].history) == 4
    assert len(train((None, None, None, None))[1].history) == 4


@pytest.mark.parametrize("scores", [(0.1, 0.2, 0.9), (0.3, 0.2, 0.9)])
def test_the_weights_are_of_the_best_epoch_before_the_limit_was_exceeded(monkeypatch, scores):
    from tailwise.engine.contract import metric

    found = iter(scores)
    monkeypatch.setattr(metric.Select, "score", lambda self, figures: next(found))
    _, trained = train()
    assert trained.best == 1 + max((0, 1), key=scores.__getitem__), "the last would be the best"
    found = iter(scores)
    _, shorter = train(epochs=trained.best, values=(0.0,) * 4, how={"schedule": constant()})
    found = iter(scores)
    _, again = train(how={"schedule": constant()})
    assert same(again.weights, shorter.weights)


def constant():
    from tailwise.optim.linear import Linear

    return Linear("linear")


def test_if_the_first_epoch_exceeds_it_its_weights_are_handed_over():
    _, trained = train((0.9, 0.1, 0.1, 0.1))
    assert len(trained.history) == trained.best == 1 and trained.weights


def test_with_hand_over_last_the_last_state_is_handed_over():
    task, trained = train(how={"hand_over": "last"})
    assert len(trained.history) == trained.best == 3 and trained.last
    assert same(trained.weights, task.model.state_dict())


def test_it_is_logged_and_shown(tmp_path):
    events = Events(tmp_path / "events.jsonl")
    task, trained = train(events=events)
    rows = [json.loads(line) for line in events.path.read_text().splitlines()]
    (row,) = [row for row in rows if row["event"] == "intervention"]
    assert (row["action"], row["fault"]) == ("stop", "figure above its limit")
    assert row["text"] == (
        "phase1 epoch 3 step 3: figure above its limit (confidence.above_95 0.7, limit 0.6): phase stopped"
    )
    assert not [row for row in rows if row["event"] == "stop"], "it was not for want of a better score"
    folder = tmp_path / "phase1"
    write_history(folder, trained.history, task.metrics, {})
    (folder / "best.json").write_text('{"epoch": 2}')
    assert [row["stopped"] for row in read_csv(folder / "epochs.csv")] == ["0", "0", "1"]
    assert [row["action"] for row in read_csv(folder / "interventions.csv")] == ["stop"]
    history = read_history(tmp_path, ["phase1"])
    assert "stopped" not in history.figures and history.interventions["phase1"][0].done == "phase stopped"


def test_without_a_stop_the_table_of_epochs_has_no_such_column(tmp_path):
    task, trained = train((0.1, 0.1, 0.1, 0.1))
    write_history(tmp_path, trained.history, task.metrics, {})
    assert "stopped" not in read_csv(tmp_path / "epochs.csv")[0]


@pytest.mark.parametrize("name", ["confidence.above_90", "confidence", "confidence.epochs", "colour.recall.pink"])
def test_an_unknown_figure_is_refused_before_training(name):
    with pytest.raises(UserError) as refused:
        train(limits={"colour.loss": 9.0, name: 0.5}, stop=1)
    said = str(refused.value)
    assert said.startswith(f"early_stopping.limits: the pipeline has no figure {name!r}; ") and "\n" not in said
    assert re.search("it has colour.", said, re.IGNORECASE)


def test_a_figure_of_a_class_may_have_a_limit():
    _, trained = train(limits={"colour.recall.red": -1.0})
    assert len(trained.history) == 1


def test_limits_change_nothing_else():
    (_, free), (_, limited) = train(limits={"colour.loss": 99.0}), train(limits={"size.loss": 99.0})
    plain = make_task(metrics={**metrics_of()}, select=mean_recall())
    without = train_phase(plain, make_phase(epochs=4, lr=1e-4), range(24), {}, make_run())
    assert same(free.weights, limited.weights) and same(free.weights, without.weights)


def test_resumed_equals_straight(tmp_path):
    _, straight = train()
    for stop in range(2, 10, 2):
        with pytest.raises(Stop), Recovery(tmp_path / f"{stop}") as recovery:
            train(stop=stop, recovery=recovery, save_every=0.0)
        with Recovery(tmp_path / f"{stop}") as recovery:
            _, resumed = train(recovery=recovery)
        assert resumed.history == straight.history and resumed.stopped and resumed.best == straight.best
        assert same(resumed.weights, straight.weights)
        with Recovery(tmp_path / f"{stop}") as recovery:  # after its end nothing is trained
            _, again = train(stop=1, recovery=recovery)
        assert again.history == straight.history and again.stopped


def test_limits_stand_in_params():
    found = convert(EarlyStopping, {"patience": 3, "limits": {"confidence.gap": 0.2}}, "early_stopping")
    assert found == EarlyStopping(3, limits={"confidence.gap": 0.2})
    assert found.exceeded({"confidence.gap": 0.25}) == ("confidence.gap", 0.25, 0.2)
