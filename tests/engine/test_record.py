"""Records of epochs, and the alert on a class that is lost."""

import json

import numpy as np
import pytest

from tailwise.core.batch import Head
from tailwise.engine.record import HeadRecord, Record, collapse_alerts, line, print_progress

HEAD = Head("action", ("often", "rare"))


def record(epoch=1, hits=5, support=5, **heads):
    matrix = [[90, 10], [support - hits, hits]]
    return Record("phase2", epoch, 15, 1e-3, 0.5, heads or {"action": HeadRecord(0.7, matrix)})


@pytest.mark.parametrize(
    ("hits", "epochs"),
    [
        ("000", [3]),
        ("00", []),
        ("0010", []),
        ("00000", [3]),
        ("10001", [4]),
        ("0001000", [3, 7]),
        ("555", []),
    ],
)
def test_a_class_at_zero_for_three_epochs_is_told_once_a_spell(hits, epochs):
    history = [record(epoch, int(h)) for epoch, h in enumerate(hits, start=1)]
    alerts = collapse_alerts(history, (HEAD,))
    assert [alert.epoch for alert in alerts] == epochs
    assert {(alert.head, alert.label) for alert in alerts} <= {("action", "rare")}
    assert all(alert.text == "recall of action rare is 0 for 3 epochs" for alert in alerts)


def test_a_class_without_samples_is_not_lost():
    assert collapse_alerts([record(epoch, 0, support=0) for epoch in range(1, 6)], (HEAD,)) == []


def test_alerts_of_all_heads_come_by_epoch():
    heads = (HEAD, Head("severity", ("x", "y")))
    lost, found = HeadRecord(1.0, [[5, 0], [5, 0]]), HeadRecord(1.0, [[5, 0], [0, 5]])
    history = [record(e, action=lost if e > 1 else found, severity=lost) for e in range(1, 5)]
    assert [(a.epoch, a.head) for a in collapse_alerts(history, heads)] == [(3, "severity"), (4, "action")]


def test_a_record_survives_json():
    before = record()
    assert Record.from_json(json.loads(json.dumps(before.to_json()))) == before


def test_the_score_is_the_mean_of_macro_recalls_over_the_heads_that_have_labels():
    half, full, none = ([[1, 1], [1, 1]], [[3, 0], [0, 1]], [[0, 0], [0, 0]])
    cases = {0.5: [half], 0.75: [half, full], 1.0: [full, none], 0.0: [none]}
    for score, matrices in cases.items():
        assert record(**{str(i): HeadRecord(0.0, matrix) for i, matrix in enumerate(matrices)}).score == score


def test_an_epoch_is_one_line(capsys):
    history = [record(epoch, 0) for epoch in (1, 2)]
    observe = print_progress((HEAD,))
    observe(history)
    text = capsys.readouterr().out
    assert text.count("\n") == 1 and "phase2 epoch  2/15" in text and "lowest 0.00 rare" in text
    observe([*history, record(3, 0)])
    assert "alert: recall of action rare is 0 for 3 epochs" in capsys.readouterr().out
    observe([*history, record(3, 0), record(4, 0)])
    assert "alert" not in capsys.readouterr().out


def test_a_head_without_labels_has_a_line_too():
    assert "recall nan" in line(record(action=HeadRecord(0.0, np.zeros((2, 2), int).tolist())), (HEAD,))
