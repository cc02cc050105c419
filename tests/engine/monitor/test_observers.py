"""Observers of a run."""

import sys

import pytest

from support.helpers import metrics_of, total
from tailwise.core.errors import UserError
from tailwise.core.files import read_csv
from tailwise.core.heads import Head
from tailwise.core.stage.events import Events
from tailwise.engine.contract.record import EpochRecord
from tailwise.engine.monitor.observers import epoch_line, keep_history, print_progress, scalars, tensorboard

METRICS = metrics_of([Head("action", ("often", "rare"))])
BOOSTS = {"action": {"often": 1.0, "rare": 2.5}}


def record(epoch, hits=0):
    return EpochRecord("phase2", epoch, 15, 1e-3, 0.5, 1.25, {"action": total(0.7, [[50, 50], [5 - hits, hits]])})


def test_the_terminal_gets_a_line_an_epoch_and_each_alert_once(capsys):
    observe, history = print_progress(METRICS, Events()), [record(epoch) for epoch in (1, 2, 3, 4)]
    for reported, alert in ((2, False), (3, True), (4, False)):
        observe(history[:reported])
        text = capsys.readouterr().out
        assert text.startswith(f"phase2 epoch  {reported}/15")
        assert ("alert: recall of action rare is 0 for 3 epochs" in text) is alert
        assert text.count("\n") == 1 + alert


def test_an_epoch_is_one_line():
    text = epoch_line(record(2), METRICS)
    assert "\n" not in text and "phase2 epoch  2/15" in text and "norm 1.25" in text and "lowest 0.00 rare" in text


def test_a_head_without_labels_has_a_line_too():
    empty = EpochRecord("p", 1, 2, 1e-3, 0.5, 1.0, {"action": total(0.0, [[0, 0], [0, 0]])})
    assert "recall nan" in epoch_line(empty, METRICS)


def test_the_files_are_there_while_the_phase_runs(tmp_path):
    observe = keep_history(tmp_path, METRICS, BOOSTS)
    for epochs in (1, 2):
        observe([record(epoch) for epoch in range(1, epochs + 1)])
        assert len(read_csv(tmp_path / "epochs.csv")) == epochs
        assert len(read_csv(tmp_path / "latest" / "action.csv")) == 105


def test_scalars_leave_out_what_is_undefined():
    last = EpochRecord("p", 1, 2, 1e-3, 0.5, 1.0, {"action": total(0.7, [[4, 0], [0, 0]])})
    found = scalars(last, METRICS, BOOSTS)
    assert found["recall/action/often"] == 1.0 and "recall/action/rare" not in found
    assert found["boost/action/rare"] == 2.5 and found["gradient_norm"] == 1.0 and found["loss/train"] == 0.5


def test_tensorboard_reads_what_was_written(tmp_path):
    events = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    observe = tensorboard(tmp_path, METRICS, BOOSTS)
    observe([record(1)])
    observe([record(1), record(2, hits=5)])
    read = events.EventAccumulator(str(tmp_path))
    read.Reload()
    assert [(e.step, e.value) for e in read.Scalars("recall/action/rare")] == [(1, 0.0), (2, 1.0)]


def test_without_tensorboard_it_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    with pytest.raises(UserError, match="runtime.tensorboard: pip install tensorboard, or set it to false"):
        tensorboard(tmp_path, METRICS, BOOSTS)
